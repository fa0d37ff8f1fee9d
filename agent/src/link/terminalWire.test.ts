import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createLog } from '../platform/log.ts'
import { createScriptedPty, type ScriptedPty } from '../terminals/pty.scripted.ts'
import { createSessions, type Sessions } from '../terminals/sessions.ts'
import type { Link } from './openLink.ts'
import { Written } from './operations.ts'
import { Refused, Unanswered } from './refused.ts'
import { createTerminalWire, type TerminalWire } from './terminalWire.ts'

interface Asked {
  name: string
  variables: Record<string, unknown>
}

let clock: FakeClock
let ptys: ScriptedPty[]
let sessions: Sessions
let wire: TerminalWire
let lines: string[]
let undo: () => void

beforeEach(() => {
  clock = createFakeClock()
  ptys = []
  lines = []
  const log = createLog({ level: 'info', format: 'plain', clock, write: (line) => void lines.push(line) })
  wire = createTerminalWire({ sessions: () => sessions, clock, log, toLocalMs: (ms) => ms })
  sessions = createSessions({
    clock,
    spawn: () => ptys[ptys.push(createScriptedPty()) - 1]!,
    env: {},
    user: { name: null, home: '/', loginShell: '/bin/sh' },
    configuredShell: null,
    publish: wire.publish,
    onEnded: wire.ended,
  })
  undo = () => {}
})
afterEach(() => undo())

/** Answers as the test says; false answers nothing. */
function link(answer: (asked: Asked) => unknown = () => ({})) {
  const asked: Asked[] = []
  const ask = async ({ query }: { query: string }, sent: Asked['variables'] | Written): Promise<unknown> => {
    const name = /(\w+)\(/.exec(query.slice(query.indexOf('{')))?.[1] ?? ''
    // As they arrive.
    const variables = (sent instanceof Written ? JSON.parse(sent.text) : sent) as Asked['variables']
    const question: Asked = { name, variables }
    asked.push(question)
    const given = answer(question)
    if (given instanceof Error) throw given
    return given ?? { reportTerminals: [], reportTerminalOpened: true }
  }
  const made = { ask } as unknown as Link
  undo = wire.linked(made)
  return {
    asked,
    names: () => asked.map(({ name }) => name),
    of: (name: string) => asked.filter((each) => each.name === name).map(({ variables }) => variables),
    lose: () => undo(),
  }
}
const good = () => undefined

const open = (terminalId: string): boolean =>
  wire.obey({
    __typename: 'TerminalOpenOrder',
    terminalId,
    cols: 80,
    rows: 24,
    shell: '/bin/sh',
    cwd: null,
    env: [],
    deadline: new Date(clock.now() + 10_000).toISOString(),
  })
const attach = (terminalId: string): boolean =>
  wire.obey({
    __typename: 'TerminalAttachOrder',
    terminalId,
    attachmentId: 'att_1',
    from: null,
    cols: 80,
    rows: 24,
  })

describe('the terminals of a link', () => {
  it('are reported when they open, and ended when nobody waits for them any more', async () => {
    const { of } = link(({ name, variables }) =>
      name === 'reportTerminalOpened' ? { reportTerminalOpened: variables.id !== 'trm_late' } : undefined,
    )
    await clock.advance(0)
    open('trm_1')
    open('trm_late')
    await clock.advance(0)
    expect(of('reportTerminalOpened')).toMatchObject([
      { id: 'trm_1', pid: 4242, shell: '/bin/sh' },
      { id: 'trm_late', pid: 4242 },
    ])
    expect(ptys.map(({ signals }) => signals)).toEqual([[], ['SIGHUP']])
  })

  it('are listed before a frame goes out; what the console does not know is ended', async () => {
    const first = link(good)
    await clock.advance(0)
    open('trm_1')
    open('trm_2')
    attach('trm_1')
    first.lose()
    ptys[0]!.writes('meanwhile')
    const listed = Promise.withResolvers<unknown>()
    const second = link(({ name }) => (name === 'reportTerminals' ? listed.promise : undefined))
    await clock.advance(1000)
    expect(second.asked).toEqual([
      {
        name: 'reportTerminals',
        variables: {
          sessions: [
            { id: 'trm_1', outputHead: 9, pid: 4242 },
            { id: 'trm_2', outputHead: 0, pid: 4242 },
          ],
        },
      },
    ])
    listed.resolve({ reportTerminals: ['trm_2'] })
    await clock.advance(1000)
    expect(second.names()).toContain('publishTerminalFrames')
    expect(ptys.map(({ signals }) => signals)).toEqual([[], ['SIGHUP']])
  })

  it('send their frames in the order of the output, without waiting for answers', async () => {
    const waiting: (() => void)[] = []
    const { of } = link(({ name }) =>
      name === 'publishTerminalFrames' ? new Promise((resolve) => waiting.push(() => resolve({}))) : undefined,
    )
    await clock.advance(0)
    open('trm_1')
    attach('trm_1')
    for (const letter of 'abcdef') {
      ptys[0]!.writes(letter)
      // Longer than what comes is gathered for while the console is behind.
      await clock.advance(50)
    }
    const outputs = of('publishTerminalFrames')
      .flatMap(({ frames }) => frames as { output?: { offset: number; data: string } }[])
      .flatMap(({ output }) => (output ? [output] : []))
    expect(outputs.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5])
    expect(outputs.map(({ data }) => Buffer.from(data, 'base64').toString()).join('')).toBe('abcdef')
    expect(waiting.length).toBeGreaterThanOrEqual(6)
  })

  it('report an end until it is heard, and on the next link when this one is over', async () => {
    let answer: unknown = new Unanswered('no answer')
    const first = link(({ name }) => (name === 'reportTerminalClosed' ? answer : undefined))
    await clock.advance(0)
    open('trm_1')
    ptys[0]!.writes('bye')
    ptys[0]!.exits({ exitCode: 3, signal: null })
    await clock.advance(2500)
    expect(first.of('reportTerminalClosed')).toHaveLength(3)
    first.lose()
    answer = undefined
    const second = link(good)
    await clock.advance(2000)
    expect(second.of('reportTerminalClosed')).toEqual([
      { report: { id: 'trm_1', finalOffset: 3, exitCode: 3, signal: null, reason: 'EXITED' } },
    ])
    expect(first.of('reportTerminalClosed')).toHaveLength(3)
    expect(sessions.report()).toEqual([])
  })

  it('do not insist on a report that the console refuses for good', async () => {
    const { of } = link(({ name }) =>
      name === 'reportTerminalClosed' ? new Refused('NOT_FOUND', 'There is no such terminal.') : undefined,
    )
    await clock.advance(0)
    open('trm_1')
    ptys[0]!.exits({ exitCode: 0, signal: null })
    await clock.advance(10_000)
    expect(of('reportTerminalClosed')).toHaveLength(1)
    expect(lines.join('')).toContain('There is no such terminal')
  })

  it('answer an order that is not theirs with false', () => {
    link(good)
    expect(wire.obey({ __typename: 'SampleFasterOrder', everyMs: 1000, until: '' })).toBe(false)
  })
})
