import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../platform/clock.ts'
import type { TerminalFrame } from './frames.ts'
import { createPtySpawner } from './pty.ts'
import { sessionGroups } from '../platform/processGroup.ts'
import type { TerminalReport } from './session.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createScriptedViewer, type ScriptedViewer } from './viewer.scripted.ts'

const KiB = 1024
const MiB = 1024 * KiB
const terminalId = 'trm_1'
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sessions-')))
afterAll(() => rmSync(folder, { recursive: true }))

const opened: Sessions[] = []
afterEach(() => Promise.all(opened.splice(0).map((sessions) => sessions.closeAll())))

/** Real sessions on real PTYs; the console is this process, and viewers acknowledge at once unless told not to. */
function setUp({ ringBytes = 2 * MiB } = {}) {
  const viewers = new Map<string, { viewer: ScriptedViewer; of: string }>()
  const ends: TerminalReport[] = []
  const silent = new Set<string>()
  const until = new Set<{ holds: () => boolean; resolve: () => void }>()
  let mostUnackedBytes = 0

  async function publish(id: string, to: string | null, frames: TerminalFrame[]): Promise<void> {
    for (const { viewer, of } of viewers.values()) {
      if (of !== id || (to !== null && to !== viewer.id)) continue
      for (const frame of frames) viewer.receive(frame, to === null)
      if (silent.has(viewer.id)) continue
      mostUnackedBytes = Math.max(mostUnackedBytes, sessions.report()[0]!.outputHead - viewer.expected)
      queueMicrotask(() => sessions.ack({ terminalId: id, attachmentId: viewer.id, offset: viewer.expected }))
    }
    look()
  }
  function look(): void {
    for (const wait of until) {
      if (!wait.holds()) continue
      until.delete(wait)
      wait.resolve()
    }
  }

  const sessions = createSessions({
    clock: systemClock,
    spawn: createPtySpawner(systemClock),
    env: { PATH: process.env.PATH },
    user: { name: 'tester', home: folder, loginShell: '/bin/sh' },
    configuredShell: null,
    publish,
    onEnded(report) {
      ends.push(report)
      look()
    },
    linkIsUp: true,
    ringBytes,
  })
  opened.push(sessions)

  const script = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
    return file
  }
  const open = (shell: string, id = terminalId) => {
    const answer = sessions.open({ terminalId: id, cols: 80, rows: 24, shell, deadlineAt: Date.now() + 10_000 })
    if (answer?.kind !== 'ready') throw new Error(`expected a terminal, got ${JSON.stringify(answer)}`)
    return answer
  }
  const attach = (viewer: ScriptedViewer, from: number | null, id = terminalId): ScriptedViewer => {
    viewers.set(viewer.id, { viewer, of: id })
    viewer.attached()
    sessions.attach({ terminalId: id, attachmentId: viewer.id, from, cols: 80, rows: 24 })
    return viewer
  }
  const head = () => sessions.report()[0]!.outputHead
  const typed = new Map<string, number>()
  return {
    sessions,
    ends,
    silent,
    script,
    open,
    attach,
    view: (id: string, from: number | null = null, of = terminalId) => attach(createScriptedViewer(id, from), from, of),
    /** As the console does it: who leaves hears nothing more, and so acknowledges nothing more. */
    leave(viewer: ScriptedViewer) {
      viewers.delete(viewer.id)
      sessions.detach({ terminalId, attachmentId: viewer.id })
    },
    type(viewer: ScriptedViewer, text: string, of = terminalId) {
      const offset = typed.get(viewer.id) ?? 0
      typed.set(viewer.id, offset + Buffer.byteLength(text))
      sessions.input({ terminalId: of, writer: viewer.id, offset, data: Buffer.from(text) })
    },
    until: (holds: () => boolean) =>
      new Promise<void>((resolve) => {
        until.add({ holds, resolve })
        look()
      }),
    shows: (viewer: ScriptedViewer, text: string) => () => viewer.screen.includes(text),
    head,
    /** The program writes no more: three looks find the same. */
    async quiet() {
      let same = 0
      let before = -1
      const look = () => {
        same = head() === before ? same + 1 : 0
        before = head()
        return same
      }
      await expect.poll(look, { interval: 60 }).toBeGreaterThanOrEqual(3)
    },
    get mostUnackedBytes() {
      return mostUnackedBytes
    },
  }
}

describe('terminals on real pseudo-terminals', () => {
  test('are an interactive shell that knows its size and follows a new one', async () => {
    const { open, view, type, until, shows, sessions } = setUp()
    open('/bin/sh')
    const viewer = view('a')
    type(viewer, 'stty size\n')
    await until(shows(viewer, '24 80\r\n'))
    sessions.resize({ terminalId, attachmentId: 'a', cols: 111, rows: 33 })
    type(viewer, 'stty size; exit 5\n')
    await until(() => viewer.closed !== null)
    expect(viewer.screen.toString()).toContain('33 111\r\n')
    expect(viewer.closed).toMatchObject({ exitCode: 5, signal: null, reason: 'EXITED', finalOffset: viewer.expected })
  })

  test('are several at once, each its own', async () => {
    const { open, view, type, until } = setUp()
    const names = ['a', 'b', 'c', 'd', 'e']
    const viewers = names.map((name) => {
      open('/bin/sh', `trm_${name}`)
      return view(name, null, `trm_${name}`)
    })
    viewers.forEach((viewer, i) => type(viewer, `echo I-am-$((${i} + 100)); exit\n`, `trm_${names[i]}`))
    await until(() => viewers.every((viewer) => viewer.screen.includes('I-am-10')))
    viewers.forEach((viewer, i) => expect(viewer.screen.toString()).toContain(`I-am-${100 + i}\r\n`))
  })

  test('begin in the folder asked for, and say why when they cannot', () => {
    const { sessions } = setUp()
    const order = { terminalId, cols: 80, rows: 24, deadlineAt: Date.now() + 10_000 }
    expect(sessions.open({ ...order, cwd: '/no/such' })).toMatchObject({
      code: 'AGENT_FAILED',
      reason: expect.stringContaining('got "/no/such"'),
    })
    expect(sessions.open({ ...order, terminalId: 'trm_2', shell: '/no/shell' })).toMatchObject({
      code: 'AGENT_FAILED',
      reason: expect.stringContaining('got "/no/shell"'),
    })
    expect(sessions.open({ ...order, terminalId: 'trm_3', cwd: '/usr' })).toMatchObject({ kind: 'ready' })
  })

  test('end with every process of theirs, one that ignores SIGHUP included', async () => {
    const { open, script, view, until, shows, sessions, ends } = setUp()
    const { pid } = open(script('stubborn', '(trap "" HUP; echo ready; exec sleep 600) & wait'))
    await until(shows(view('a'), 'ready'))
    sessions.close({ terminalId, reason: 'ENDED' })
    await until(() => ends.length === 1)
    expect(ends[0]?.ended).toMatchObject({ signal: 'SIGHUP', reason: 'ENDED' })
    await sessions.closeAll()
    expect(sessionGroups(pid, true)).toEqual([])
  }, 10_000)

  test('hold a flood back for a governor that does not draw, and then give it every byte', async () => {
    const { open, script, view, until, silent, sessions, head, quiet } = setUp()
    const bytes = 8 * MiB
    open(script('flood', `stty raw -echo; head -c ${bytes} /dev/zero | tr '\\0' 'x'; printf DONE`))
    silent.add('a')
    const viewer = view('a')
    // It still says that it lives, as a page does each second, but has drawn nothing.
    const undo = systemClock.every(100, () =>
      sessions.ack({ terminalId, attachmentId: 'a', offset: viewer.expected > 0 ? 1 : 0 }),
    )
    await until(() => viewer.expected >= 256 * KiB)
    await quiet()
    expect(head()).toBeLessThan(256 * KiB + 128 * KiB)
    undo()
    silent.clear()
    sessions.ack({ terminalId, attachmentId: 'a', offset: viewer.expected })
    await until(() => viewer.closed !== null)
    expect(viewer.losses).toEqual([])
    expect(viewer.screen.length).toBe(bytes + 4)
    expect(viewer.screen.subarray(0, bytes).every((byte) => byte === 0x78)).toBe(true)
    expect(viewer.screen.subarray(-4).toString()).toBe('DONE')
  }, 30_000)

  test('stop a flood at Ctrl-C: no more comes than was on its way', async () => {
    const scripted = setUp()
    const { open, view, type, until, shows } = scripted
    open('/bin/sh')
    const viewer = view('a')
    type(viewer, 'yes; echo stop"ped"\n')
    await until(() => viewer.expected > MiB)
    const before = viewer.expected
    type(viewer, '\x03')
    type(viewer, 'echo still-$((40 + 2))\n')
    await until(shows(viewer, 'still-42'))
    expect(viewer.expected - before).toBeLessThan(4 * MiB)
    expect(scripted.mostUnackedBytes).toBeLessThanOrEqual(2 * MiB)
  }, 30_000)

  test('keep their memory bounded while nobody looks at a flood', async () => {
    const { open, script, head } = setUp()
    open(script('yes', 'exec yes'))
    await expect.poll(() => head(), { timeout: 20_000 }).toBeGreaterThan(4 * MiB)
    global.gc?.()
    const before = process.memoryUsage()
    const from = head()
    await expect.poll(() => head(), { timeout: 20_000 }).toBeGreaterThan(from + 8 * MiB)
    global.gc?.()
    const after = process.memoryUsage()
    expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(4 * MiB)
  }, 60_000)

  test('go on byte for byte where a viewer left', async () => {
    const { open, script, view, until, shows, attach, leave, sessions } = setUp()
    open(script('count', 'stty raw -echo; seq 1 3000; echo half; read line; seq 3001 6000; echo done; read line'))
    const viewer = view('a')
    await until(shows(viewer, 'half'))
    leave(viewer)
    sessions.input({ terminalId, writer: 'a', offset: 0, data: Buffer.from('\n') })
    attach(viewer, viewer.expected)
    await until(shows(viewer, 'done'))
    const count = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, i) => `${from + i}\n`).join('')
    expect(viewer.screen.toString()).toBe(`${count(1, 3000)}half\n${count(3001, 6000)}done\n`)
  })

  test('say what is lost, and begin at a line start outside any colour', async () => {
    const { open, script, view, until, shows } = setUp({ ringBytes: 64 * KiB })
    open(
      script(
        'colours',
        'stty -onlcr; i=0; while [ $i -lt 4000 ]; do printf "\\033[1;3%dmline %d\\033[0m\\n" $((i % 8)) $i; i=$((i + 1)); done; echo end; read line',
      ),
    )
    const first = view('first')
    await until(shows(first, 'end'))
    const late = view('late')
    await until(shows(late, 'end'))
    expect(late.losses).toMatchObject([{ from: 0 }])
    expect(JSON.stringify(late.screen.toString())).toMatch(/^"\\u001b\[1;3\dmline \d+/)
    expect(first.screen.toString().endsWith(late.screen.toString())).toBe(true)
  })

  const fullScreen = [
    { program: '/usr/bin/vim', args: '-u NONE -N numbers.txt', redraw: '\x0c', sign: 'number 20' },
    { program: '/usr/bin/less', args: 'numbers.txt', redraw: '\x0c', sign: 'number 20' },
    { program: '/usr/bin/top', args: '-d 600', redraw: ' ', sign: 'load average' },
    { program: '/usr/bin/htop', args: '-d 100', redraw: '\x0c', sign: 'Load average' },
  ].filter(({ program }) => existsSync(program))

  test.each(fullScreen)(
    'have $program draw its whole screen for a viewer that lost the beginning',
    async ({ program, args, redraw, sign }) => {
      const { open, view, type, until, shows, script, leave, head, quiet } = setUp({ ringBytes: 32 * KiB })
      writeFileSync(join(folder, 'numbers.txt'), Array.from({ length: 500 }, (_, i) => `number ${i}`).join('\n'))
      open(script('full-screen', `exec ${program} ${args}`))
      const first = view('first')
      await until(shows(first, sign))
      // Until the beginning has left the ring.
      const more = () => {
        type(first, redraw)
        return head()
      }
      await expect.poll(more, { interval: 5 }).toBeGreaterThan(40 * KiB)
      await quiet()
      leave(first)
      const late = view('late')
      expect(late.losses).toHaveLength(1)
      await until(() => late.joined)
      const replayed = late.screen.length
      await until(() => late.screen.subarray(replayed).includes(sign))
    },
    15_000,
  )
})
