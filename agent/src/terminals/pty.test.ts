import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { systemClock } from '../platform/clock.ts'
import { createPtySpawner, type Pty, type PtyExit, type PtyOptions, type SpawnPty } from './pty.ts'
import { SpawnFailure } from '../platform/spawnFailure.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pty-')))
afterAll(() => rmSync(folder, { recursive: true }))

const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', TERM: 'xterm-256color', LANG: 'C.UTF-8' }
const spawnReal = createPtySpawner(systemClock)
const running: Pty[] = []
afterEach(() => running.splice(0).forEach((pty) => pty.kill('SIGKILL')))

/** A script on a PTY, its output, and promises for what it will show. */
function run(script: string, { spawn = spawnReal, ...options }: Partial<PtyOptions> & { spawn?: SpawnPty } = {}) {
  const pty = spawn({
    file: '/bin/sh',
    args: ['-c', script],
    cwd: folder,
    env,
    size: { cols: 80, rows: 24 },
    ...options,
  })
  running.push(pty)
  const chunks: Buffer[] = []
  let waiting: { text: string; resolve: () => void }[] = []
  const output = () => Buffer.concat(chunks).toString()
  pty.onData((bytes) => {
    chunks.push(Buffer.from(bytes))
    const shown = output()
    waiting.filter(({ text }) => shown.includes(text)).forEach(({ resolve }) => resolve())
    waiting = waiting.filter(({ text }) => !shown.includes(text))
  })
  const exited = new Promise<PtyExit>((resolve) => pty.onExit(resolve))
  const shows = (text: string) =>
    output().includes(text) ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ text, resolve }))
  return { pty, exited, shows, output, bytes: () => Buffer.concat(chunks) }
}

const cksum = (bytes: Buffer) => execFileSync('cksum', { input: bytes }).toString().split(' ')[0]

/** "S" is asleep: a program that wants to write and may not. */
const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '')[0]

const write = (pty: Pty, text: string | Buffer) => new Promise<void>((resolve) => pty.write(Buffer.from(text), resolve))

describe('a pseudo-terminal', () => {
  test('gives the program its size, and each new one', async () => {
    const { pty, shows, exited } = run('stty size; read line; stty size', { size: { cols: 101, rows: 31 } })
    await shows('31 101')
    pty.resize({ cols: 77, rows: 19 })
    await write(pty, '\n')
    await shows('19 77')
    expect(await exited).toEqual({ exitCode: 0, signal: null })
  })

  test('starts the program in its folder with its environment', async () => {
    const { output, exited } = run('pwd; echo "$GREETING"; echo "$PWD"', { env: { ...env, GREETING: 'good day' } })
    await exited
    expect(output()).toBe(`${folder}\r\ngood day\r\n${folder}\r\n`)
  })

  test('tells the exit code', async () => {
    expect(await run('exit 7').exited).toEqual({ exitCode: 7, signal: null })
  })

  test('tells the signal', async () => {
    expect(await run('kill -TERM $$').exited).toEqual({ exitCode: null, signal: 'SIGTERM' })
  })

  test('is one of several at once', async () => {
    const several = ['a', 'b', 'c', 'd'].map((name) => ({ name, ...run(`read line; echo "${name}: $line"`) }))
    for (const { pty, name } of several) pty.write(Buffer.from(`hello ${name}\n`), () => {})
    for (const { name, exited, output } of several) {
      await exited
      expect(output()).toContain(`${name}: hello ${name}\r\n`)
    }
  })

  test('does not hand the descriptor of one terminal to the program of another', async () => {
    const names = ['a', 'b', 'c']
    const several = names.map((name) => run(`read line; ls -l /proc/$$/fd; echo end-${name}`))
    for (const { pty } of several) pty.write(Buffer.from('\n'), () => {})
    for (const { exited, output } of several) {
      await exited
      expect(output()).toContain('end-')
      expect(output()).not.toContain('ptmx')
    }
  })

  test('is the program itself, with its own number and arguments, beside others too', async () => {
    run('sleep 60')
    const { pty, exited, output } = run('', { args: ['-c', 'echo "$$ <$0> <$1> <$2>"', 'zero', 'one two', '$x "y"'] })
    await exited
    expect(output()).toBe(`${pty.pid} <zero> <one two> <$x "y">\r\n`)
  })

  test('carries every byte value both ways unchanged', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value))
    const { pty, shows, exited, bytes } = run('stty raw -echo; printf ready; head -c 256')
    await shows('ready')
    await write(pty, all)
    await exited
    expect(bytes().subarray(5).equals(all)).toBe(true)
  })

  test('does not wait in a write for a program that does not read, and gives it all once it does', async () => {
    const clock = createFakeClock()
    const { pty, shows, exited, output } = run(
      'stty raw -echo; echo ready; while [ ! -e go ]; do sleep 0.01; done; head -c 200000 | cksum',
      {
        spawn: createPtySpawner(clock),
      },
    )
    await shows('ready')
    const all = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7919) % 251))
    let written = false
    pty.write(all, () => (written = true))
    await clock.advance(10_000)
    expect(written).toBe(false)
    writeFileSync(join(folder, 'go'), '')
    await expect.poll(() => clock.advance(100).then(() => written), { interval: 1 }).toBe(true)
    await expect.poll(() => clock.advance(100).then(output), { interval: 1 }).toContain(' 200000')
    await exited
    expect(output().trim().split(/\s+/).slice(1)).toEqual([cksum(all), '200000'])
  })

  test('keeps the tail of a program that ends while paused, however long the pause', async () => {
    const clock = createFakeClock()
    const { pty, exited, output } = run('seq 1 200; printf END', { spawn: createPtySpawner(clock) })
    pty.pause()
    await expect.poll(() => pty.hasProcesses()).toBe(false)
    await clock.advance(3_600_000)
    expect(output()).toBe('')
    pty.resume()
    await exited
    expect(output()).toBe(`${Array.from({ length: 200 }, (_, i) => `${i + 1}\r\n`).join('')}END`)
  })

  test('holds a program back while paused', async () => {
    const { pty, shows, output } = run('exec yes')
    await shows('y')
    pty.pause()
    const before = output().length
    await expect.poll(() => stateOf(pty.pid)).toBe('S')
    expect(output().length).toBe(before)
    pty.resume()
    await expect.poll(() => output().length).toBeGreaterThan(before)
  })

  test('ends with its program though a process left behind holds it open', async () => {
    const { exited, output } = run('(trap "" HUP; exec sleep 60) & echo started; exit 3')
    expect(await exited).toEqual({ exitCode: 3, signal: null })
    expect(output()).toBe('started\r\n')
  })

  test('ends with its program though a process left behind never is silent', async () => {
    const { exited } = run('(trap "" HUP; exec yes) & sleep 0.1; exit 4')
    expect(await exited).toEqual({ exitCode: 4, signal: null })
  })

  test('is ended at once when it has only just been started', async () => {
    const several = Array.from({ length: 10 }, () => run('sleep 60'))
    for (const { pty } of several) pty.kill('SIGHUP')
    for (const { exited } of several) expect(await exited).toEqual({ exitCode: null, signal: 'SIGHUP' })
  })

  test('reaches the children of the program, those in groups of their own too', async () => {
    const { pty, shows, exited } = run(
      'set -m; (trap "" HUP; echo one; exec sleep 60) & sh -c \'trap "" HUP; echo two; sleep 60\'',
      {
        file: '/bin/bash',
      },
    )
    await Promise.all([shows('one'), shows('two')])
    pty.kill('SIGHUP')
    await exited
    expect(pty.hasProcesses()).toBe(true)
    pty.kill('SIGKILL')
    await expect.poll(() => pty.hasProcesses()).toBe(false)
  })
})

describe('a program that cannot be started', () => {
  const failure = (options: Partial<PtyOptions>): string => {
    try {
      run('exit', options)
    } catch (error) {
      if (error instanceof SpawnFailure) return error.message
    }
    return 'started'
  }
  const plain = join(folder, 'plain')
  writeFileSync(plain, '')
  chmodSync(plain, 0o644)

  test.each([
    [
      'missing shell',
      { file: '/no/such/shell' },
      'shell: expected a program that can be executed, got "/no/such/shell"',
    ],
    ['shell without a folder', { file: 'sh' }, 'shell: expected a program that can be executed, got "sh"'],
    ['shell that is not executable', { file: plain }, 'shell: expected a program that can be executed'],
    ['shell that is a folder', { file: folder }, 'shell: expected a program that can be executed'],
    ['missing folder', { cwd: '/no/such/folder' }, 'working directory: expected a directory, got "/no/such/folder"'],
    ['folder that is a file', { cwd: plain }, 'working directory: expected a directory'],
  ])('gives its reason: %s', (_name, options, message) => {
    expect(failure(options)).toContain(message)
  })
})
