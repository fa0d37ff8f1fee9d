import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LIMITS } from '@sindri/schema/contract/limits'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { type Clock, systemClock } from '../platform/clock.ts'
import { createPtySpawner } from '../terminals/pty.ts'
import { type CommandEnd, type CommandOrder, createRunner, type Run } from './run.ts'

const MiB = 1024 * 1024

let home: string
let clock: FakeClock
let runs: Run[]
/** Of programs that a test let go on; they end with it. */
let left: number[]
/** Pieces of output that no record could carry. */
let wrong: string[]

beforeEach(() => {
  clock = createFakeClock()
  home = realpathSync(mkdtempSync(join(tmpdir(), 'sindri-run-')))
  runs = []
  left = []
  wrong = []
})
afterEach(async () => {
  for (const run of runs) run.end('STOPPED')
  await Promise.all(runs.map((run) => passing(run, 100)))
  for (const pid of left) process.kill(pid, 'SIGKILL')
  rmSync(home, { recursive: true, force: true })
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
})

interface Options {
  clock?: Clock
  env?: Record<string, string | undefined>
  /** Of each output. */
  room?: number
  descriptors?: ReadonlySet<number>
}

function start(
  order: Partial<CommandOrder>,
  { clock: by = systemClock, env = {}, room = Infinity, descriptors }: Options = {},
) {
  const runner = createRunner({
    clock: by,
    env: { PATH: process.env.PATH, ...env },
    user: { name: 'ada', home, loginShell: '/bin/sh' },
    configuredShell: null,
    descriptors: descriptors ?? new Set(),
  })
  const pieces: Record<'STDOUT' | 'STDERR', Buffer[]> = { STDOUT: [], STDERR: [] }
  const text = (name: 'STDOUT' | 'STDERR'): string => Buffer.concat(pieces[name]).toString()
  const sink = (name: 'STDOUT' | 'STDERR') => {
    let known = 0
    return {
      keep(offset: number, data: Buffer) {
        // Each piece begins where the one before it ended, and fits a record.
        if (offset !== known || data.length === 0 || data.length > LIMITS.commandChunkBytes)
          wrong.push(`${name}: ${data.length} bytes at ${offset}, known were ${known}`)
        if (known + data.length > room) return false
        known += data.length
        pieces[name].push(Buffer.from(data))
        return true
      },
      written: () => Promise.resolve(),
    }
  }
  const run = runner(
    {
      commandId: 'cmd_1',
      command: 'true',
      args: null,
      cwd: null,
      env: [],
      stdin: null,
      timeoutMs: 3_600_000,
      ...order,
    },
    { STDOUT: sink('STDOUT'), STDERR: sink('STDERR') },
  )
  runs.push(run)
  const shows = (wanted: string): Promise<void> =>
    expect.poll(() => text('STDOUT'), { timeout: 20_000 }).toContain(wanted)
  return {
    run,
    shows,
    pieces: () => pieces.STDOUT.length,
    out: () => text('STDOUT'),
    err: () => text('STDERR'),
    bytes: () => Buffer.concat(pieces.STDOUT),
  }
}

async function ended(
  order: Partial<CommandOrder>,
  options?: Options,
): Promise<CommandEnd & { out: string; err: string }> {
  const { run, out, err } = start(order, options)
  return { ...(await run.ended), out: out(), err: err() }
}

/** Its end, while time passes slower than programs need to act. */
async function passing(run: Run, stepMs = 1): Promise<CommandEnd> {
  let end: CommandEnd | undefined
  void run.ended.then((each) => (end = each))
  await expect.poll(() => clock.advance(stepMs).then(() => end), { timeout: 30_000, interval: 2 }).toBeDefined()
  return end as CommandEnd
}

/** Whether a process of this number is there and no zombie. */
const isAlive = (pid: number): boolean => {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
const pidIn = (name: string): number => Number(readFileSync(join(home, name), 'utf8'))
const hasFile = (name: string): Promise<void> =>
  expect
    .poll(() => existsSync(join(home, name)) && readFileSync(join(home, name), 'utf8').endsWith('\n'), {
      timeout: 20_000,
    })
    .toBe(true)

describe('a command that ends', () => {
  it('is told of with both outputs apart, and its exit code', async () => {
    const end = await ended({ command: 'echo good; echo bad >&2; exit 3' })
    expect(end).toMatchObject({
      outcome: 'FAILED',
      exitCode: 3,
      signal: null,
      message: null,
      out: 'good\n',
      err: 'bad\n',
    })
    expect(end).toMatchObject({ stdoutBytes: 5, stderrBytes: 4, droppedBytes: 0 })
    expect(Number.isInteger(end.durationMs) && end.durationMs >= 0).toBe(true)
  })

  it('has succeeded with 0', async () => {
    expect(await ended({ command: 'exit 0' })).toMatchObject({ outcome: 'SUCCEEDED', exitCode: 0, signal: null })
  })

  it('by a signal has failed, and names it', async () => {
    expect(await ended({ command: 'kill -USR1 $$' })).toMatchObject({
      outcome: 'FAILED',
      exitCode: null,
      signal: 'SIGUSR1',
    })
  })

  it('takes as long as a clock says that nobody sets', async () => {
    const { run } = start({ command: 'echo $$ > self; while [ ! -e go ]; do sleep 0.01; done' }, { clock })
    await hasFile('self')
    clock.jumpWall(-3_600_000)
    await clock.advance(5_000)
    writeFileSync(join(home, 'go'), '')
    const { durationMs } = await passing(run)
    expect(durationMs).toBeGreaterThanOrEqual(5_000)
    expect(durationMs).toBeLessThan(3_600_000)
  })
})

describe('what is run', () => {
  it('is no shell where there are arguments: they arrive as they are', async () => {
    const end = await ended({ command: 'printf', args: ['%s|', '$HOME', 'a b', '; rm -rf /', '*', ''] })
    expect(end.out).toBe('$HOME|a b|; rm -rf /|*||')
  })

  it('is found from its directory where it has a path', async () => {
    mkdirSync(join(home, 'bin'))
    writeFileSync(join(home, 'bin/tool'), '#!/bin/sh\necho tool in "$PWD"\n')
    chmodSync(join(home, 'bin/tool'), 0o755)
    expect(await ended({ command: './tool', args: [], cwd: 'bin' })).toMatchObject({ out: `tool in ${home}/bin\n` })
  })

  it('begins at home, or where it is told, and nothing of the agent is in its environment', async () => {
    expect((await ended({ command: 'pwd' })).out).toBe(`${home}\n`)
    expect((await ended({ command: 'pwd', cwd: '/' })).out).toBe('/\n')
    const env = {
      SINDRI_CONSOLE_API_KEY: 'secret',
      TERM: 'xterm',
      COLORTERM: 'truecolor',
      PWD: '/nowhere',
      KEPT: 'yes',
    }
    const { out } = await ended({ command: 'env', args: [], env: [{ name: 'MORE', value: 'a b' }] }, { env })
    expect(out).not.toContain('SINDRI')
    expect(out.split('\n')).toEqual(
      expect.arrayContaining(['KEPT=yes', 'MORE=a b', 'TERM=dumb', `PWD=${home}`, `HOME=${home}`]),
    )
    expect(out).not.toContain('COLORTERM')
  })

  it.runIf(process.platform === 'linux')('does not inherit the terminals of the agent', async () => {
    const descriptors = new Set<number>()
    const size = { cols: 80, rows: 24 }
    const env = { PATH: process.env.PATH ?? '' }
    const pty = createPtySpawner(systemClock, descriptors)({ file: '/bin/sleep', args: ['1000'], cwd: '/', env, size })
    const list: Partial<CommandOrder> = { command: 'ls', args: ['-l', '/proc/self/fd', '$0'] }
    const [apart, mixed] = [await ended(list, { descriptors }), await ended(list)]
    pty.kill('SIGKILL')
    expect(mixed.out).toContain('ptmx')
    expect(apart.out).toMatch(/ 1 -> (socket|pipe):/)
    expect(apart.out).not.toContain('ptmx')
    expect(apart.err).toContain('$0')
  })

  it.each<[string, Partial<CommandOrder>, string]>([
    [
      'no such program',
      { command: 'no-such-program', args: [] },
      'program: expected one on the PATH, got "no-such-program"',
    ],
    [
      'a program that is a directory',
      { command: '/tmp', args: [] },
      'program: expected a file that can be executed, got "/tmp"',
    ],
    ['no such directory', { cwd: '/no/such' }, 'working directory: expected a directory, got "/no/such"'],
    ['a directory that is a file', { cwd: '/bin/sh' }, 'working directory: expected a directory, got "/bin/sh"'],
    [
      'a variable that none can be',
      { env: [{ name: 'A=B', value: '' }] },
      'environment: expected a name of letters, digits and _, got "A=B"',
    ],
    ['more arguments than the system takes', { command: 'true', args: ['x'.repeat(3 * MiB)] }, 'spawn E2BIG'],
  ])('with %s it has failed, and says why', async (_, order, message) => {
    expect(await ended(order)).toEqual({
      outcome: 'FAILED',
      exitCode: null,
      signal: null,
      message,
      stdoutBytes: 0,
      stderrBytes: 0,
      droppedBytes: 0,
      durationMs: 0,
      out: '',
      err: '',
    })
  })
})

describe('its input', () => {
  it('is given whole, and ends', async () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 256))
    const { run, bytes: got } = start({ command: 'cat', args: [], stdin: bytes.toString('base64') })
    expect(await run.ended).toMatchObject({ outcome: 'SUCCEEDED', stdoutBytes: bytes.length })
    expect(got().equals(bytes)).toBe(true)
  })

  it('is empty where none is given', async () => {
    expect(await ended({ command: 'cat', args: [] })).toMatchObject({ outcome: 'SUCCEEDED', stdoutBytes: 0 })
  })

  it('need not be read', async () => {
    const stdin = Buffer.alloc(LIMITS.commandStdinBytes).toString('base64')
    expect(await ended({ command: 'exec <&-; echo done', stdin })).toMatchObject({
      outcome: 'SUCCEEDED',
      out: 'done\n',
    })
  })
})

describe('its output', () => {
  it('is seen while it runs', async () => {
    const { run, shows } = start({ command: 'echo begun; while [ ! -e go ]; do sleep 0.01; done; echo done' })
    await shows('begun\n')
    writeFileSync(join(home, 'go'), '')
    await shows('done\n')
    expect(await run.ended).toMatchObject({ outcome: 'SUCCEEDED' })
  })

  it('is kept to the byte, whatever the bytes are, in pieces that fit a record', async () => {
    const content = Buffer.from(Array.from({ length: 3 * MiB }, (_, index) => (index * index + (index >> 8)) % 256))
    writeFileSync(join(home, 'content'), content)
    const { run, bytes, pieces } = start({ command: 'cat', args: ['content'] })
    expect(await run.ended).toMatchObject({ outcome: 'SUCCEEDED', stdoutBytes: content.length, droppedBytes: 0 })
    expect(bytes().equals(content)).toBe(true)
    expect(pieces()).toBeLessThan(200)
  })

  it('is kept up to a limit of each; the rest is read on and counted', async () => {
    const over = LIMITS.commandOutputBytes + 100_000
    const { run, bytes, err } = start({
      command: `head -c ${over} /dev/zero; head -c ${over} /dev/zero | tr '\\0' e >&2; echo end >&2`,
    })
    expect(await run.ended).toEqual(
      expect.objectContaining({
        outcome: 'SUCCEEDED',
        stdoutBytes: over,
        stderrBytes: over + 4,
        droppedBytes: 200_004,
      }),
    )
    expect([bytes().length, err().length]).toEqual([LIMITS.commandOutputBytes, LIMITS.commandOutputBytes])
  })

  it('is a beginning where there is no room for all of it', async () => {
    const { run, bytes } = start({ command: 'head -c 1000000 /dev/zero; echo small' }, { room: 300_000 })
    const { outcome, stdoutBytes, droppedBytes } = await run.ended
    expect([outcome, stdoutBytes, droppedBytes]).toEqual(['SUCCEEDED', 1_000_006, 1_000_006 - bytes().length])
    expect(bytes().length).toBeGreaterThan(200_000)
  })

  it('is awaited after the exit while somebody it left behind holds it', async () => {
    const { run, out } = start(
      { command: '(while [ ! -e go ]; do sleep 0.01; done; echo late) & echo early > self' },
      { clock },
    )
    await hasFile('self')
    await clock.advance(2_000)
    writeFileSync(join(home, 'go'), '')
    expect(await run.ended).toMatchObject({ outcome: 'SUCCEEDED', exitCode: 0 })
    expect(out()).toBe('late\n')
  })

  it('is not awaited for ever, and who was left behind on purpose goes on', async () => {
    const { run, out } = start({ command: 'sleep 1000 & echo $! > pid; echo early' })
    expect(await run.ended).toMatchObject({ outcome: 'SUCCEEDED', exitCode: 0 })
    expect(out()).toBe('early\n')
    left.push(pidIn('pid'))
    expect(isAlive(pidIn('pid'))).toBe(true)
  })
})

describe('an end from outside', () => {
  it('cancel: the whole group ends', async () => {
    const { run } = start({ command: 'sleep 1000 & echo $! > child; echo $$ > self; wait' }, { clock })
    await hasFile('self')
    run.end('CANCELLED')
    run.end('STOPPED')
    expect(await passing(run)).toMatchObject({ outcome: 'CANCELLED', exitCode: null, signal: 'SIGTERM', message: null })
    expect([isAlive(pidIn('child')), isAlive(pidIn('self'))]).toEqual([false, false])
  })

  it('timeout: the whole group ends, also what takes no notice of SIGTERM', async () => {
    const deaf =
      'trap "" TERM; (while :; do sleep 0.1; done) & echo $! > child; echo $$ > self; while :; do sleep 0.1; done'
    const { run } = start({ command: deaf, timeoutMs: 30_000 }, { clock })
    await hasFile('self')
    await clock.advance(29_999)
    expect(isAlive(pidIn('self'))).toBe(true)
    expect(await passing(run, 100)).toMatchObject({ outcome: 'TIMED_OUT', exitCode: null, signal: 'SIGKILL' })
    expect([isAlive(pidIn('child')), isAlive(pidIn('self'))]).toEqual([false, false])
  })

  it('one that ends in order when it is asked to is cancelled all the same, and its last words are kept', async () => {
    const { run, out } = start(
      { command: 'trap "echo bye; exit 0" TERM; echo $$ > self; while :; do sleep 0.05; done' },
      { clock },
    )
    await hasFile('self')
    run.end('CANCELLED')
    expect(await passing(run)).toMatchObject({ outcome: 'CANCELLED', exitCode: 0, signal: null })
    expect(out()).toBe('bye\n')
  })

  it('a grandchild that takes no notice is ended after its parent', async () => {
    const deaf = 'trap \\"\\" TERM; echo \\$\\$ > child; while :; do sleep 0.1; done'
    const { run } = start({ command: `sh -c "${deaf}" & echo $$ > self; wait` }, { clock })
    await hasFile('self')
    await hasFile('child')
    run.end('CANCELLED')
    await expect.poll(() => isAlive(pidIn('self')), { timeout: 20_000 }).toBe(false)
    expect(isAlive(pidIn('child'))).toBe(true)
    expect(await passing(run, 100)).toMatchObject({ outcome: 'CANCELLED', signal: 'SIGTERM' })
    expect(isAlive(pidIn('child'))).toBe(false)
  })

  it('the stop of the agent is said', async () => {
    const { run } = start({ command: 'echo $$ > self; exec sleep 1000' })
    await hasFile('self')
    run.end('STOPPED')
    expect(await run.ended).toMatchObject({
      outcome: 'FAILED',
      signal: 'SIGTERM',
      message: 'The agent was stopped while it ran, and ended it.',
    })
  })

  it('comes too late for one that has exited', async () => {
    const { run } = start({ command: 'sleep 1000 & echo $! > pid' })
    await hasFile('pid')
    left.push(pidIn('pid'))
    const end = await run.ended
    run.end('CANCELLED')
    expect(end).toMatchObject({ outcome: 'SUCCEEDED', exitCode: 0 })
    expect(isAlive(pidIn('pid'))).toBe(true)
  })
})

it('shows itself as a program like any other: no terminal, and a group of its own', async () => {
  const { out } = await ended({ command: 'test -t 0 || test -t 1 || echo no terminal; ps -o pid=,pgid=,sid= -p $$' })
  const [first, ids = ''] = out.split('\n')
  const own = execFileSync('ps', ['-o', 'pgid=', '-p', String(process.pid)])
    .toString()
    .trim()
  const [pid, group, session] = ids.trim().split(/\s+/)
  expect([first, group, session]).toEqual(['no terminal', pid, pid])
  expect(group).not.toBe(own)
})
