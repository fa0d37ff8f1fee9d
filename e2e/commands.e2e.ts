// Commands over real processes: each runs once or says why not, whoever dies meanwhile; what ran is told by a file outside.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Proc, until } from './kit/processes.ts'
import { openWorld, type World } from './kit/world.ts'

let world: World
let agent: Proc
let instance: string
beforeAll(async () => {
  world = await openWorld()
  agent = startForge()
  instance = (await world.running('forge')).id
})
afterAll(() => world.end())

const startForge = (): Proc => world.startAgent('forge', { SINDRI_AGENT_HEARTBEAT: '1' })

interface Command {
  id: string
  state: string
  exitCode: number | null
  signal: string | null
  message: string | null
  stdoutBytes: number
  stderrBytes: number
  droppedBytes: number
}
const fields = 'id state exitCode signal message stdoutBytes stderrBytes droppedBytes'
const FINAL = ['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'UNREACHABLE', 'INTERRUPTED']

async function runCommand(input: Record<string, unknown>): Promise<string> {
  const api = await world.api()
  const { runCommand: command } = await api.ask(
    `mutation ($input: RunCommandInput!) { runCommand(input: $input) { ${fields} } }`,
    { input: { instanceId: instance, timeoutMs: 600_000, ...input } },
  )
  return command.id
}
async function commandOf(id: string): Promise<Command> {
  const api = await world.api()
  return (await api.ask(`query ($id: ID!) { command(id: $id) { ${fields} } }`, { id })).command
}
const reaches = (id: string, ...states: string[]): Promise<Command> =>
  until(
    `${id} to be ${states.join(' or ')}`,
    async () => {
      const command = await commandOf(id)
      if (FINAL.includes(command.state) && !states.includes(command.state))
        throw new Error(`it is ${JSON.stringify(command)}`)
      return states.includes(command.state) && command
    },
    // An agent that lost its console comes back with growing delays.
    100_000,
  )
async function cancel(id: string): Promise<void> {
  const api = await world.api()
  await api.ask('mutation ($id: ID!) { cancelCommand(id: $id) { state } }', { id })
}

interface Followed {
  text(stream: 'STDOUT' | 'STDERR'): string
  /** Resolves when the subscription completes. */
  ended: Promise<unknown>
}
/** What it writes, by offset; a gap or a repeat is an error. */
async function follow(id: string): Promise<Followed> {
  const api = await world.api()
  const got: Record<string, Buffer> = { STDOUT: Buffer.alloc(0), STDERR: Buffer.alloc(0) }
  const wrong: string[] = []
  const { ended } = api.watch(
    'subscription ($id: ID!) { commandOutput(id: $id) { stream offset data } }',
    { id },
    ({ commandOutput: { stream, offset, data } }) => {
      const before = got[stream] ?? Buffer.alloc(0)
      if (offset !== before.length) wrong.push(`${stream}: expected ${before.length}, got ${offset}`)
      got[stream] = Buffer.concat([before, Buffer.from(data, 'base64')])
    },
  )
  return {
    text: (stream) => (got[stream] ?? Buffer.alloc(0)).toString(),
    ended: ended.then((end) => {
      expect([end, wrong]).toEqual([null, []])
    }),
  }
}

let files = 0
/** A file outside of everything: each begin of the command that says `mark` appends a line to it. */
function truth() {
  const file = path.join(world.folder, `truth-${++files}`)
  const lines = (name = file): string[] => (existsSync(name) ? readFileSync(name, 'utf8').split('\n').slice(0, -1) : [])
  const go = `${file}.go`
  return {
    mark: `echo $$ >> ${file}`,
    wait: `while [ ! -e ${go} ]; do sleep 0.05; done`,
    go,
    lines,
    begun: () => until('it to begin', () => lines().length > 0, 60_000),
    pid: (name = file) => Number(lines(name)[0]),
    file,
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
const touch = (file: string): void => writeFileSync(file, '')

describe('a command', () => {
  it('runs once, is followed as it writes, both outputs apart, and succeeds', async () => {
    const { mark, wait, go, lines } = truth()
    const id = await runCommand({ command: `${mark}; echo begun; echo aside >&2; ${wait}; printf 'end \\377'` })
    const output = await follow(id)
    await until('its first output', () => output.text('STDOUT') === 'begun\n' && output.text('STDERR') === 'aside\n')
    expect(await commandOf(id)).toMatchObject({ state: 'RUNNING', stdoutBytes: 6, stderrBytes: 6 })
    touch(go)
    await output.ended
    expect(output.text('STDOUT')).toBe('begun\nend \ufffd')
    expect(await commandOf(id)).toMatchObject({ state: 'SUCCEEDED', exitCode: 0, stdoutBytes: 11, droppedBytes: 0 })
    expect(lines()).toHaveLength(1)
  })

  it('is a program with arguments, input, variables and a directory, as they were given', async () => {
    const id = await runCommand({
      command: 'sh',
      args: ['-c', 'cat; echo "$1 $A $PWD"; exit 7', 'sh', '$HOME; *'],
      cwd: '/tmp',
      env: [{ name: 'A', value: 'a  b' }],
      stdin: Buffer.from('given\n').toString('base64'),
    })
    const output = await follow(id)
    await output.ended
    expect(output.text('STDOUT')).toBe('given\n$HOME; * a  b /tmp\n')
    expect(await commandOf(id)).toMatchObject({ state: 'FAILED', exitCode: 7 })
  })

  it('writes more than is kept: the beginning is there to the byte, the rest is counted', async () => {
    const id = await runCommand({ command: 'seq 1 1000000' })
    const output = await follow(id)
    await output.ended
    const all = Array.from({ length: 1_000_000 }, (_, i) => `${i + 1}\n`).join('')
    const kept = 4 * 1024 * 1024
    expect(output.text('STDOUT') === all.slice(0, kept)).toBe(true)
    expect(await commandOf(id)).toMatchObject({
      state: 'SUCCEEDED',
      stdoutBytes: all.length,
      droppedBytes: all.length - kept,
    })
  })

  it('that cannot begin says why', async () => {
    const id = await runCommand({ command: 'no-such-program', args: [] })
    expect(await reaches(id, 'FAILED')).toMatchObject({
      message: 'program: expected one on the PATH, got "no-such-program"',
    })
  })
})

describe('an end from outside', () => {
  const family = (of: ReturnType<typeof truth>): string =>
    `(trap "" TERM; while :; do sleep 0.1; done) & echo $! > ${of.file}.child; ${of.mark}; wait`

  it('cancel ends the whole group', async () => {
    const of = truth()
    const id = await runCommand({ command: family(of) })
    await of.begun()
    await cancel(id)
    expect(await reaches(id, 'CANCELLED')).toMatchObject({ signal: 'SIGTERM' })
    expect([isAlive(of.pid()), isAlive(of.pid(`${of.file}.child`)), of.lines().length]).toEqual([false, false, 1])
  })

  it('a timeout ends the whole group', async () => {
    const of = truth()
    const id = await runCommand({ command: family(of), timeoutMs: 3000 })
    await reaches(id, 'TIMED_OUT')
    await of.begun()
    expect([isAlive(of.pid()), isAlive(of.pid(`${of.file}.child`)), of.lines().length]).toEqual([false, false, 1])
  })
})

describe('a death', () => {
  it('of the console while a command runs: it goes on, and its result arrives, with all that it wrote', async () => {
    const { mark, wait, go, lines, begun } = truth()
    const id = await runCommand({ command: `${mark}; echo before; ${wait}; echo meanwhile; exit 3` })
    await begun()
    await world.killConsole('SIGKILL')
    touch(go)
    await until('it to end', () => !isAlive(Number(lines()[0])))
    await world.startConsole()
    expect(await reaches(id, 'FAILED')).toMatchObject({ exitCode: 3, message: null })
    const output = await follow(id)
    await output.ended
    expect(output.text('STDOUT')).toBe('before\nmeanwhile\n')
    expect(lines()).toHaveLength(1)
  })

  it('of the console while many are asked for: each runs once', async () => {
    const all = Array.from({ length: 20 }, truth)
    const ids = await Promise.all(all.map(({ mark }) => runCommand({ command: `${mark}; sleep 0.2` })))
    await until('some of them', () => all.filter(({ lines }) => lines().length > 0).length > 2, 60_000)
    await world.killConsole('SIGKILL')
    await world.startConsole()
    for (const id of ids) await reaches(id, 'SUCCEEDED')
    expect(all.map(({ lines }) => lines().length)).toEqual(all.map(() => 1))
  })

  it('of the agent while a command runs: the next run says that it was interrupted, and does not run it again', async () => {
    const { mark, wait, lines, begun, go } = truth()
    const id = await runCommand({ command: `${mark}; echo written; ${wait}` })
    await begun()
    const output = await follow(id)
    await until('its output', () => output.text('STDOUT') === 'written\n')
    await agent.end('SIGKILL')
    agent = startForge()
    expect((await reaches(id, 'INTERRUPTED')).message).toMatch(/may have run/)
    await output.ended
    touch(go)
    // Asked for later and run by the same agent: by then the first would have begun again.
    const later = await runCommand({ command: 'true' })
    await reaches(later, 'SUCCEEDED')
    expect(lines()).toHaveLength(1)
  })

  it('of both behind the end of a command: its result waits in the spool, and is not overtaken', async () => {
    const { mark, wait, lines, begun, go } = truth()
    const id = await runCommand({ command: `${mark}; ${wait}; echo last words` })
    await begun()
    await world.killConsole('SIGKILL')
    touch(go)
    const spool = path.join(world.agentState('forge'), 'spool/commands')
    await until('the result on disk', () =>
      readdirSync(spool).some((name) => {
        const text = readFileSync(path.join(spool, name), 'latin1')
        return text.includes(id) && text.slice(text.lastIndexOf(id)).includes('"SUCCEEDED"')
      }),
    )
    await agent.end('SIGKILL')
    await world.startConsole()
    expect((await commandOf(id)).state).toBe('RUNNING')
    agent = startForge()
    await reaches(id, 'SUCCEEDED')
    const output = await follow(id)
    await output.ended
    expect([output.text('STDOUT'), lines().length]).toEqual(['last words\n', 1])
  })

  it('of the agent right after the order: it has run once, or never, or says that it may have', async () => {
    const seen: string[] = []
    for (let round = 0; round < 4; round++) {
      const { mark, lines } = truth()
      const id = await runCommand({ command: mark })
      // Some milliseconds later each time: before it was told, while it is claimed, while it runs.
      await new Promise((resolve) => setTimeout(resolve, round * 15))
      await agent.end('SIGKILL')
      agent = startForge()
      const { state } = await reaches(id, 'SUCCEEDED', 'INTERRUPTED')
      seen.push(state)
      await reaches(await runCommand({ command: 'true' }), 'SUCCEEDED')
      if (state === 'SUCCEEDED') expect(lines()).toHaveLength(1)
      else expect(lines().length).toBeLessThanOrEqual(1)
    }
    expect(seen).toHaveLength(4)
  })
})

describe('an agent that is away', () => {
  it('runs what waits for it once it comes, once, in order, and not what was taken back', async () => {
    await agent.end('SIGKILL')
    const [first, second] = [truth(), truth()]
    const order = path.join(world.folder, 'order')
    const ids = [
      await runCommand({ command: `${first.mark}; echo first >> ${order}` }),
      await runCommand({ command: `touch ${order}-taken-back` }),
      await runCommand({ command: `while [ ! -e ${order} ]; do sleep 0.05; done; ${second.mark}` }),
    ]
    expect(await commandOf(ids[0] ?? '')).toMatchObject({ state: expect.stringMatching(/^(QUEUED|SENT)$/) })
    await cancel(ids[1] ?? '')
    agent = startForge()
    await reaches(ids[0] ?? '', 'SUCCEEDED')
    await reaches(ids[2] ?? '', 'SUCCEEDED')
    expect(await commandOf(ids[1] ?? '')).toMatchObject({ state: 'CANCELLED' })
    expect([first.lines().length, second.lines().length, existsSync(`${order}-taken-back`)]).toEqual([1, 1, false])
  })

  it('that is stopped ends what it runs, and says so', async () => {
    const of = truth()
    const id = await runCommand({ command: `${of.mark}; ${of.wait}` })
    await of.begun()
    expect(await agent.end('SIGTERM')).toBe(0)
    expect(isAlive(of.pid())).toBe(false)
    agent = startForge()
    expect((await reaches(id, 'FAILED')).message).toBe('The agent was stopped while it ran, and ended it.')
    expect(of.lines()).toHaveLength(1)
  })
})
