import { LIMITS } from '@sindri/schema/contract/limits'
import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import type { TerminalFrame } from './frames.ts'
import type { PtyOptions } from './pty.ts'
import { createScriptedPty, type ScriptedPty } from './pty.scripted.ts'
import type { TerminalReport } from './session.ts'
import { createSessions, type SessionsOptions } from './sessions.ts'
import { SpawnFailure } from '../platform/spawnFailure.ts'

function setUp(options: Partial<SessionsOptions> = {}) {
  const clock = createFakeClock()
  const ptys: (ScriptedPty & { options: PtyOptions })[] = []
  const ends: TerminalReport[] = []
  const sent: { terminalId: string; to: string | null; frame: TerminalFrame }[] = []
  const sessions = createSessions({
    clock,
    spawn(ptyOptions) {
      if (ptyOptions.cwd === '/missing') throw new SpawnFailure('no such folder')
      // Not copied: the getters of a scripted PTY answer for now.
      const pty = Object.assign(createScriptedPty(), { options: ptyOptions })
      ptys.push(pty)
      return pty
    },
    env: { PATH: '/usr/bin:/bin', SINDRI_CONSOLE_API_KEY: 'secret' },
    user: { name: 'ada', home: '/', loginShell: '/bin/sh' },
    configuredShell: null,
    publish: async (terminalId, to, frames) => void sent.push(...frames.map((frame) => ({ terminalId, to, frame }))),
    onEnded: (report) => ends.push(report),
    linkIsUp: true,
    ...options,
  })
  const open = (
    terminalId: string,
    more: { cwd?: string; shell?: string; env?: { name: string; value: string }[] } = {},
  ) => sessions.open({ terminalId, cols: 80, rows: 24, deadlineAt: clock.now() + 10_000, ...more })
  const attach = (terminalId: string) =>
    sessions.attach({ terminalId, attachmentId: 'att_1', from: null, cols: 80, rows: 24 })
  return { clock, ptys, ends, sent, sessions, open, attach }
}

describe('the terminals of an agent', () => {
  test('open, and answer a repeated order without opening again', () => {
    const { open, ptys } = setUp()
    const answer = open('trm_1')
    expect(answer).toEqual({ kind: 'ready', terminalId: 'trm_1', pid: 4242, shell: '/bin/sh' })
    expect(open('trm_1')).toEqual(answer)
    expect(ptys).toHaveLength(1)
  })

  test('start with a scrubbed environment in the home folder', () => {
    const { open, ptys } = setUp()
    open('trm_1', { env: [{ name: 'GREETING', value: 'hi' }] })
    const { env, cwd, args } = ptys[0]!.options
    expect(env).not.toHaveProperty('SINDRI_CONSOLE_API_KEY')
    expect(env).toMatchObject({ GREETING: 'hi', SHELL: '/bin/sh', USER: 'ada', TERM: 'xterm-256color' })
    expect([cwd, args]).toEqual(['/', ['-l']])
  })

  test('ignore an order past its deadline', async () => {
    const { sessions, clock, ptys } = setUp()
    expect(sessions.open({ terminalId: 'trm_1', cols: 80, rows: 24, deadlineAt: clock.now() - 1 })).toBeNull()
    expect(ptys).toEqual([])
  })

  test('answer a failure with its reason', () => {
    const { open, sessions } = setUp()
    expect(open('trm_1', { cwd: '/missing' })).toEqual({
      kind: 'failed',
      terminalId: 'trm_1',
      code: 'AGENT_FAILED',
      reason: 'no such folder',
    })
    expect(open('trm_2', { env: [{ name: '', value: '' }] })).toMatchObject({ kind: 'failed', code: 'AGENT_FAILED' })
    expect(sessions.report()).toEqual([])
  })

  test('are at most 32', () => {
    const { open } = setUp()
    for (let i = 0; i < LIMITS.terminalsPerAgent; i++) expect(open(`trm_${i}`)).toMatchObject({ kind: 'ready' })
    expect(open('trm_more')).toMatchObject({ kind: 'failed', code: 'LIMIT_REACHED' })
  })

  test('have at most 64 MiB of rings', () => {
    const { open } = setUp({ ringBytes: 8 * 1024 * 1024 })
    for (let i = 0; i < 8; i++) expect(open(`trm_${i}`)).toMatchObject({ kind: 'ready' })
    expect(open('trm_more')).toMatchObject({ kind: 'failed', code: 'LIMIT_REACHED' })
  })

  test('make room for a new one once the console knows the end of an old one', () => {
    const { open, ptys, sessions } = setUp()
    for (let i = 0; i < LIMITS.terminalsPerAgent; i++) open(`trm_${i}`)
    ptys[3]!.exits({ exitCode: 0, signal: null })
    expect(open('trm_early')).toMatchObject({ code: 'LIMIT_REACHED' })
    sessions.acknowledgeEnd('trm_3')
    expect(open('trm_late')).toMatchObject({ kind: 'ready' })
    expect(sessions.report().map((report) => report.terminalId)).not.toContain('trm_3')
  })

  test('take orders for those that exist only', () => {
    const { attach, sessions, open } = setUp()
    open('trm_1')
    expect(attach('trm_1')).toBe(true)
    expect(attach('trm_2')).toBe(false)
    expect(sessions.input({ terminalId: 'trm_2', writer: 'att_1', offset: 0, data: Buffer.from('x') })).toBe(false)
    expect(sessions.close({ terminalId: 'trm_2', reason: 'ENDED' })).toBe(false)
  })

  test('are reported with their offset and, when ended, their end', () => {
    const { open, ptys, sessions, ends } = setUp()
    open('trm_1')
    open('trm_2')
    ptys[0]!.writes('12345')
    ptys[1]!.exits({ exitCode: 2, signal: null })
    expect(sessions.report()).toEqual([
      { terminalId: 'trm_1', pid: 4242, outputHead: 5, ended: null },
      {
        terminalId: 'trm_2',
        pid: 4242,
        outputHead: 0,
        ended: { finalOffset: 0, exitCode: 2, signal: null, reason: 'EXITED' },
      },
    ])
    expect(ends.map((end) => end.terminalId)).toEqual(['trm_2'])
    sessions.acknowledgeEnd('trm_2')
    expect(sessions.report().map((report) => report.terminalId)).toEqual(['trm_1'])
  })

  test('stay for a minute after their end, and until the console knows of it', async () => {
    const { open, ptys, sessions, clock, attach } = setUp()
    open('trm_1')
    ptys[0]!.writes('tail')
    ptys[0]!.exits({ exitCode: 0, signal: null })
    await clock.advance(120_000)
    expect(attach('trm_1')).toBe(true)
    sessions.acknowledgeEnd('trm_1')
    await clock.advance(5_000)
    expect(attach('trm_1')).toBe(false)
    expect(open('trm_1')).toMatchObject({ kind: 'ready' })
    expect(ptys).toHaveLength(1)
  })

  test('go sooner when all who look have seen the end', async () => {
    const { open, ptys, sessions, clock, attach } = setUp()
    open('trm_1')
    attach('trm_1')
    ptys[0]!.writes('tail')
    ptys[0]!.exits({ exitCode: 0, signal: null })
    sessions.acknowledgeEnd('trm_1')
    await clock.advance(10_000)
    expect(sessions.ack({ terminalId: 'trm_1', attachmentId: 'att_1', offset: 4 })).toBe(true)
    await clock.advance(5_000)
    expect(attach('trm_1')).toBe(false)
  })

  test('end when nobody has looked for a day, though a page went without a word', async () => {
    const { open, ends, clock, attach, sessions } = setUp({ idleMs: 60_000 })
    open('trm_1')
    attach('trm_1')
    for (let minute = 0; minute < 10; minute++) {
      await clock.advance(50_000)
      sessions.ack({ terminalId: 'trm_1', attachmentId: 'att_1', offset: 0 })
    }
    await clock.advance(59_000)
    expect(ends).toEqual([])
    await clock.advance(6_000)
    expect(ends).toMatchObject([{ terminalId: 'trm_1', ended: { reason: 'ABANDONED' } }])
  })

  test('end when of those who looked nobody was heard of over a new link', async () => {
    const { open, ends, clock, attach, sessions } = setUp({ idleMs: 60_000 })
    open('trm_1')
    open('trm_2')
    attach('trm_1')
    attach('trm_2')
    sessions.linkLost()
    sessions.linkRegained()
    await clock.advance(30_000)
    sessions.ack({ terminalId: 'trm_2', attachmentId: 'att_1', offset: 0 })
    await clock.advance(40_000)
    expect(ends).toMatchObject([{ terminalId: 'trm_1', ended: { reason: 'ABANDONED' } }])
  })

  test('send nothing over a link that is away, the new ones included', async () => {
    const { open, ptys, sent, sessions, clock, attach } = setUp({ linkIsUp: false })
    open('trm_1')
    attach('trm_1')
    ptys[0]!.writes('quiet')
    await clock.advance(5_000)
    expect(sent).toEqual([])
    sessions.linkRegained()
    expect(sent.map(({ frame }) => frame.kind)).toEqual(['resized', 'output', 'joined', 'beacon'])
    sessions.linkLost()
    ptys[0]!.writes('again')
    await clock.advance(5_000)
    expect(sent.filter(({ frame }) => frame.kind === 'output')).toHaveLength(1)
  })

  test('all end at a shutdown, and none opens any more', async () => {
    const { open, ptys, sessions, clock, ends } = setUp()
    open('trm_1')
    open('trm_2')
    const done = sessions.closeAll()
    await clock.advance(100)
    await done
    expect(ptys.map((pty) => pty.signals)).toEqual([['SIGHUP'], ['SIGHUP']])
    expect(ends.map((end) => end.ended?.reason)).toEqual(['AGENT_RESTARTED', 'AGENT_RESTARTED'])
    expect(open('trm_3')).toBeNull()
    expect(clock.timerCount()).toBe(0)
  })
})
