// Terminals under strain: much output, several viewers, viewers and agents that stall, a console that dies, a flood.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Api, openApi } from './kit/client.ts'
import { processMiB } from './kit/memory.ts'
import { type Proc, until } from './kit/processes.ts'
import { attachShell, openTerminal, type Shell, type ShellOptions } from './kit/terminal.ts'
import { openWorld, type World } from './kit/world.ts'

const MiB = 1024 * 1024

let world: World
let agent: Proc
let instance: string
beforeAll(async () => {
  world = await openWorld()
  agent = world.startAgent('forge')
  instance = (await world.running('forge')).id
})
afterAll(() => world.end())

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A program of the same person with a socket of its own. */
async function another(): Promise<Api> {
  const api = openApi(world.url)
  await api.signIn(world.admin)
  return api
}

/** A shell without prompt and echo. */
async function openQuiet(options: ShellOptions = {}): Promise<Shell> {
  const api = await world.api()
  const shell = attachShell(api, await openTerminal(api, instance), options)
  let text = ''
  shell.onBytes((data) => (text = (text + data.toString('latin1')).slice(-200)))
  shell.type('PS1=; stty -echo; echo ready-$((1+1))\r')
  await until('the shell', () => text.includes('ready-2\r\n'))
  return shell
}

describe('much output', () => {
  it('is brought to the byte, 32 MiB of it, while another page is loaded anew twice', async () => {
    const content = Buffer.from(randomBytes(24 * MiB).toString('base64'))
    const file = path.join(world.folder, 'content')
    writeFileSync(file, content)
    const shell = await openQuiet()
    shell.type(`stty raw; echo; echo begin; cat ${file}; echo end-$((1+1)); stty sane\r`)
    const screens: Shell[] = []
    for (const share of [0.2, 0.6]) {
      await until('a part of it', () => shell.next() > share * content.length, 60_000)
      screens.at(-1)?.detach()
      screens.push(attachShell(await world.api(), shell.id))
    }
    await shell.sees('end-2\n', 60_000)
    const began = shell.bytes().indexOf('begin\n') + 'begin\n'.length
    const got = shell.bytes().subarray(began)
    expect(shell.lost()).toEqual([])
    expect(got.subarray(0, content.length).equals(content)).toBe(true)
    expect(got.subarray(content.length).toString()).toMatch(/^end-2\n/)
    for (const screen of screens) {
      // What it shows begins at 0 or behind a loss that it was told of, and is exact.
      expect(screen.start()).toBe(screen.lost().at(-1)?.to ?? 0)
      expect(screen.bytes().length).toBeGreaterThan(0)
      expect(shell.bytes().subarray(screen.start(), screen.next()).equals(screen.bytes())).toBe(true)
    }
    await until('the last page to have it all', () => screens.at(-1)?.next() === shell.next())
  })

  it('is brought to the last line, two million of them, over two reloads of the only page', async () => {
    const shell = await openQuiet()
    shell.type('seq 1 2000000; echo end-$((1+1)); exec sleep 1000\r')
    const api = await world.api()
    let page = shell
    for (let reloads = 0; reloads < 2; reloads++) {
      const from = page.next()
      await until('some output', () => page.next() > from + 2 * MiB, 30_000)
      page.detach()
      page = attachShell(api, shell.id)
    }
    await page.sees('end-2\r\n', 60_000)
    // What was no longer kept is missing up to the begin of a line, and counted.
    const numbers = page
      .text()
      .split('\r\n')
      .filter((line) => /^\d+$/.test(line))
      .map(Number)
    const first = numbers[0] ?? 0
    expect(numbers.every((number, i) => number === first + i)).toBe(true)
    expect(numbers.at(-1)).toBe(2_000_000)
    expect(page.start()).toBe(page.lost().at(-1)?.to ?? 0)
  })
})

describe('a viewer that stalls', () => {
  it('does not slow down the one that types, and goes on at its own pace when it reads again', async () => {
    const fast = await openQuiet({ keep: false })
    const slowApi = await another()
    const slow = attachShell(slowApi, fast.id, { keep: false })
    let tail = ''
    slow.onBytes((data) => (tail = (tail + data.toString('latin1')).slice(-40)))
    await until('it to follow', () => slow.next() === fast.next())
    const readOn = slowApi.stopReading()
    const stalledAt = slow.next()
    const before = processMiB(world.console().pid)
    fast.type('seq 1 2500000; echo end-$((1+1))\r')
    await until('all of it', () => fast.next() > 19_000_000, 60_000)
    expect(fast.lost()).toEqual([])
    expect(slow.next()).toBe(stalledAt)
    expect(processMiB(world.console().pid) - before).toBeLessThan(250)
    readOn()
    await until('the end of it', () => tail.includes('end-2\r\n'), 30_000)
    expect(slow.next()).toBe(fast.next())
    // 19 MB did not wait in any memory for it.
    expect(slow.lost().length).toBeGreaterThan(0)
    await slowApi.close()
  })
})

describe('an agent that stalls', () => {
  it('is given what was typed meanwhile once, and in order', async () => {
    const shell = await openQuiet()
    shell.type('cat > /dev/null\r')
    agent.child.kill('SIGSTOP')
    // More orders than may wait for an agent: those beyond are refused to the page, which sends them again.
    const keys = Array.from({ length: 700 }, (_, i) => `k${i};`)
    for (const key of keys) shell.type(key)
    await pause(2000)
    expect(shell.acknowledged()).toBeLessThan(100)
    agent.child.kill('SIGCONT')
    await until('all of it to be taken', () => shell.acknowledged() >= keys.join('').length, 20_000)
    shell.type('\x04\x04stty echo\r')
    shell.type(`echo done-$((1+1))\r`)
    await shell.sees('done-2')
  })

  it('shows its program exactly what was typed', async () => {
    const shell = await openQuiet()
    shell.type('stty raw; head -c 2000 | md5sum; stty sane\r')
    await pause(300)
    agent.child.kill('SIGSTOP')
    const text = Array.from({ length: 500 }, (_, i) => String(i).padStart(4, '0'))
    for (const four of text) shell.type(four)
    await pause(1500)
    agent.child.kill('SIGCONT')
    const { createHash } = await import('node:crypto')
    await shell.sees(createHash('md5').update(text.join('')).digest('hex'), 20_000)
  })
})

describe('a console that dies', () => {
  it('takes no terminal with it: its page goes on from the byte it had', async () => {
    const shell = await openQuiet()
    shell.type('for i in $(seq 1 40); do echo line-$i; sleep 0.1; done; echo end-$((1+1))\r')
    await shell.sees('line-5\r\n')
    await world.killConsole('SIGKILL')
    await world.startConsole()
    await until('the agent to be back', async () => {
      const api = await world.api()
      const { terminal } = await api.ask('query ($id: ID!) { terminal(id: $id) { state } }', { id: shell.id })
      return terminal.state === 'READY'
    })
    shell.attach()
    await shell.sees('end-2\r\n', 30_000)
    const lines = Array.from({ length: 40 }, (_, i) => `line-${i + 1}\r\n`).join('')
    expect(shell.lost()).toEqual([])
    expect(shell.text()).toContain(`${lines}end-2\r\n`)
  })
})

describe('a flood', () => {
  /** Growth while `yes` writes for some seconds after `run`, and how long Ctrl-C takes then. */
  async function flood(run: (shell: Shell) => void, back: (shell: Shell) => void) {
    const shell = await openQuiet({ keep: false })
    let tail = ''
    shell.onBytes((data) => (tail = (tail + data.toString('latin1')).slice(-100)))
    shell.type('yes\r')
    await until('a flood', () => shell.next() > MiB)
    run(shell)
    const look = () => [agent.pid, world.console().pid, process.pid].map(processMiB)
    await pause(2000)
    const before = look()
    await pause(4000)
    const grownMiB = Math.max(...look().map((mib, i) => mib - (before[i] ?? 0)))
    back(shell)
    const beganMs = performance.now()
    shell.type('\x03')
    shell.type('echo stopped-$((1+1))\r')
    await until('the end of the flood', () => tail.includes('stopped-2'), 10_000)
    const tookMs = performance.now() - beganMs
    shell.type('exit\r')
    await until('the end', () => shell.closed(), 20_000)
    return { grownMiB, tookMs }
  }

  it('costs bounded memory and is stopped at once with a viewer that keeps up', async () => {
    const { grownMiB, tookMs } = await flood(
      () => {},
      () => {},
    )
    expect(grownMiB).toBeLessThan(150)
    expect(tookMs).toBeLessThan(1000)
  })

  it('costs bounded memory with a viewer that no longer acknowledges, and is stopped when it is back', async () => {
    const { grownMiB, tookMs } = await flood(
      (shell) => shell.acknowledge(false),
      (shell) => shell.acknowledge(true),
    )
    expect(grownMiB).toBeLessThan(100)
    expect(tookMs).toBeLessThan(3000)
  })

  it('costs bounded memory with no viewer at all, and is stopped by one that comes back', async () => {
    const { grownMiB, tookMs } = await flood(
      (shell) => shell.detach(),
      (shell) => shell.attach(),
    )
    expect(grownMiB).toBeLessThan(100)
    expect(tookMs).toBeLessThan(5000)
  })
})
