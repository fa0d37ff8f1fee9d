import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agentVariables } from './help.ts'
import {
  type Behaviour,
  openScriptedConsole,
  type ScriptedConsole,
  type ScriptedLink,
} from './link/console.scripted.ts'

interface Program {
  child: ChildProcess
  stdout(): string
  stderr(): string
  /** Exit code, or the signal that ended it. */
  exited: Promise<number | string>
}

const main = fileURLToPath(new URL('main.ts', import.meta.url))

let home: string
let programs: Program[]
let consoles: ScriptedConsole[]

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'sindri-main-'))
  programs = []
  consoles = []
})
afterEach(async () => {
  for (const { child, exited } of programs) {
    child.kill('SIGCONT')
    child.kill('SIGKILL')
    await exited
  }
  for (const console of consoles) await console.close()
  rmSync(home, { recursive: true, force: true })
})

function run(variables: Record<string, string> = {}, args: string[] = []): Program {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    SINDRI_CONSOLE_URL: 'http://127.0.0.1:9',
    SINDRI_CONSOLE_API_KEY: 'secret',
    ...variables,
  }
  const child = spawn(process.execPath, [main, ...args], { env, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = ['', '']
  child.stdout?.on('data', (chunk: Buffer) => (texts[0] += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (texts[1] += chunk.toString()))
  const exited = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string)
  const program = { child, stdout: () => texts[0] ?? '', stderr: () => texts[1] ?? '', exited }
  programs.push(program)
  return program
}

async function openConsole(changes: Partial<Behaviour> = {}): Promise<ScriptedConsole> {
  const console = await openScriptedConsole(changes)
  consoles.push(console)
  return console
}

const joining = (console: ScriptedConsole, more: Record<string, string> = {}): Record<string, string> => ({
  SINDRI_CONSOLE_URL: console.url,
  SINDRI_CONSOLE_API_KEY: console.secret,
  SINDRI_INSTANCE_ID: 'forge',
  SINDRI_AGENT_METRICS: '1',
  SINDRI_AGENT_SHELL: '/bin/sh',
  ...more,
})

async function linked(console: ScriptedConsole): Promise<ScriptedLink> {
  await expect.poll(() => console.links.at(-1)?.of('PublishSamples').length ?? 0).toBeGreaterThan(0)
  return console.last()
}

const openShell = async (link: ScriptedLink, terminalId: string): Promise<number> => {
  const deadline = new Date(Date.now() + 10_000).toISOString()
  link.order({
    __typename: 'TerminalOpenOrder',
    terminalId,
    cols: 80,
    rows: 24,
    shell: null,
    cwd: '/',
    env: [],
    deadline,
  })
  await expect.poll(() => link.of('ReportTerminalOpened').length).toBeGreaterThan(0)
  return link.of('ReportTerminalOpened').at(-1)?.variables.pid as number
}

const isAlive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z'
  } catch {
    return false
  }
}

/** One line for a person: no stack, nothing else. */
const oneLine = (text: string): string => {
  expect(text.endsWith('\n')).toBe(true)
  expect(text.trimEnd().split('\n')).toHaveLength(1)
  return text.trimEnd()
}

describe('what is asked for on the command line', () => {
  it('--version answers with the version of the package', async () => {
    const program = run({}, ['--version'])
    expect(await program.exited).toBe(0)
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    expect([program.stdout(), program.stderr()]).toEqual([`${version}\n`, ''])
  })

  it('--help names every variable, and needs none', async () => {
    const program = run({ SINDRI_CONSOLE_URL: '' }, ['--help'])
    expect(await program.exited).toBe(0)
    for (const name of agentVariables) expect(program.stdout()).toContain(name)
    expect(program.stderr()).toBe('')
  })

  it('--healthy says whether an agent runs on the same state, and needs no console', async () => {
    const before = run({}, ['--healthy'])
    expect(await before.exited).toBe(1)
    expect(oneLine(before.stderr())).toMatch(
      /^sindri-agent: expected an agent that runs on .*\/\.sindri\/agent, got none\.$/,
    )
    const agent = run()
    await expect.poll(() => existsSync(join(home, '.sindri/agent/pulse'))).toBe(true)
    const meanwhile = run({}, ['--healthy'])
    expect(await meanwhile.exited).toBe(0)
    expect(meanwhile.stderr()).toBe('')
    agent.child.kill('SIGTERM')
    expect(await agent.exited).toBe(0)
    expect(await run({}, ['--healthy']).exited).toBe(1)
  })

  it.each([[['--daemon']], [['--version', '--help']]])('%j is no argument', async (args) => {
    const program = run({}, args)
    expect(await program.exited).toBe(2)
    expect(oneLine(program.stderr())).toMatch(
      /^sindri-agent: expected --version, --help, --healthy or nothing, got ".*"\.$/,
    )
  })
})

describe('a wrong variable is one line that names it, and exit code 2', () => {
  it.each([
    [
      ['SINDRI_CONSOLE_URL', ''],
      ['SINDRI_CONSOLE_URL', 'https://user:pass@console.example.com'],
      ['SINDRI_CONSOLE_API_KEY_FILE', '/etc/also'],
      ['SINDRI_INSTANCE_ID', 'two words'],
    ],
    [
      ['SINDRI_PROVIDER', 'two words'],
      ['SINDRI_REGION', 'x'.repeat(200)],
      ['SINDRI_AGENT_HEARTBEAT', 'often'],
      ['SINDRI_AGENT_METRICS', '-1'],
    ],
    [
      ['SINDRI_AGENT_TAGS', 'team'],
      ['SINDRI_AGENT_SHELL', 'bash'],
      ['SINDRI_GEO', 'Berlin'],
      ['SINDRI_LOG_LEVEL', 'loud'],
    ],
  ])('%j, %j, %j, %j', async (...wrong) => {
    // A few at a time: each is a process of its own.
    const runs = wrong.map(([name = '', value = '']) => ({ name, program: run({ [name]: value }) }))
    for (const { name, program } of runs) {
      expect(await program.exited).toBe(2)
      const line = oneLine(program.stderr())
      expect(line).toContain(`sindri-agent: ${name.replace('API_KEY_FILE', 'API_KEY')}: expected `)
      expect(line).toContain('got ')
      expect(program.stdout()).toBe('')
    }
  })

  it('and several are several lines', async () => {
    const program = run({ SINDRI_GEO: 'Berlin', SINDRI_LOG_LEVEL: 'loud' })
    expect(await program.exited).toBe(2)
    expect(program.stderr().trimEnd().split('\n')).toHaveLength(2)
  })

  it('and so is a secret that is needed and missing, or in a file that cannot be read', async () => {
    const missing = run({ SINDRI_CONSOLE_API_KEY: '' })
    const unreadable = run({
      SINDRI_CONSOLE_API_KEY: '',
      SINDRI_CONSOLE_API_KEY_FILE: join(home, 'nothing'),
      SINDRI_AGENT_STATE_DIR: 'other',
    })
    expect(await Promise.all([missing.exited, unreadable.exited])).toEqual([2, 2])
    expect(oneLine(missing.stderr())).toMatch(
      /^sindri-agent: SINDRI_CONSOLE_API_KEY: expected the bootstrap secret .* got nothing\.$/,
    )
    expect(oneLine(unreadable.stderr())).toMatch(
      /^sindri-agent: SINDRI_CONSOLE_API_KEY_FILE: expected a readable file, got ENOENT.*$/,
    )
  })
})

describe('the state directory', () => {
  it('that another agent holds is one line and exit code 2; the other goes on', async () => {
    const console = await openConsole()
    const first = run(joining(console))
    await linked(console)
    const second = run(joining(console))
    expect(await second.exited).toBe(2)
    expect(oneLine(second.stderr())).toBe(
      `sindri-agent: ${home}/.sindri/agent is in use by another agent, process ${first.child.pid}.`,
    )
    expect(first.child.exitCode).toBeNull()
    expect(console.links).toHaveLength(1)
  })

  it('with a key that is none is one line and exit code 2', async () => {
    mkdirSync(join(home, '.sindri/agent'), { recursive: true })
    writeFileSync(join(home, '.sindri/agent/identity.pem'), 'not a key')
    const program = run()
    expect(await program.exited).toBe(2)
    expect(oneLine(program.stderr())).toContain('identity.pem: expected an Ed25519 private key')
  })

  it('that cannot be written leaves it all in memory, and the console shows that', async () => {
    const console = await openConsole()
    writeFileSync(join(home, '.sindri'), 'a file where the directory should be')
    const program = run(joining(console))
    const { init } = await linked(console)
    expect(init.notices).toEqual([expect.stringContaining(`state directory ${home}/.sindri/agent is not writable`)])
    program.child.kill('SIGTERM')
    expect(await program.exited).toBe(0)
  })
})

it('ends with exit code 3 and the words of a console that does not want it', async () => {
  const console = await openConsole({ ack: () => ({ close: 4464, reason: 'forge was removed by ada@example.com.' }) })
  const program = run(joining(console, { SINDRI_LOG_LEVEL: 'error' }))
  expect(await program.exited).toBe(3)
  expect(oneLine(program.stderr())).toBe('sindri-agent: forge was removed by ada@example.com.')
})

it('ends with exit code 3 when its secret is wrong', async () => {
  const console = await openConsole()
  const program = run(joining(console, { SINDRI_CONSOLE_API_KEY: 'another', SINDRI_LOG_LEVEL: 'error' }))
  expect(await program.exited).toBe(3)
  expect(oneLine(program.stderr())).toBe(
    'sindri-agent: The console refuses this agent (UNAUTHENTICATED): refused: UNAUTHENTICATED',
  )
})

/** Its own bound is 4.5 s, and the machine may be busy; without one it would wait for an answer for 20 s. */
const endedWithinMs = 12_000

describe('asked to end', () => {
  /** Milliseconds it took, and how it ended. */
  async function end(
    { child, exited }: Program,
    ...signals: NodeJS.Signals[]
  ): Promise<{ code: number | string; tookMs: number }> {
    const began = performance.now()
    for (const signal of signals) child.kill(signal)
    const code = await exited
    return { code, tookMs: performance.now() - began }
  }

  it.each<NodeJS.Signals[][]>([[['SIGTERM']], [['SIGINT', 'SIGINT']]])(
    'by %j it ends its shells, says goodbye and exits with 0',
    async (signals) => {
      const console = await openConsole()
      const program = run(joining(console))
      const link = await linked(console)
      const pid = await openShell(link, 'trm_1')
      expect(isAlive(pid)).toBe(true)
      const { code, tookMs } = await end(program, ...signals)
      expect([code, isAlive(pid)]).toEqual([0, false])
      expect(tookMs).toBeLessThan(endedWithinMs)
      await expect.poll(() => link.closedWith()).toBe(1000)
      expect(link.of('ReportTerminalClosed')[0]?.variables.report).toMatchObject({
        id: 'trm_1',
        reason: 'AGENT_RESTARTED',
      })
    },
  )

  it('while the console is away it ends within 5 s all the same, and the next run sends what is left', async () => {
    const console = await openConsole()
    const program = run(joining(console))
    const link = await linked(console)
    console.behaviour.upgrade = 'nothing'
    link.ws.terminate()
    const sent = link.of('PublishSamples').flatMap(({ variables }) => variables.records as { seq: number }[])
    const next = Math.max(...sent.map(({ seq }) => seq)) + 1
    await expect.poll(() => spooled(join(home, '.sindri/agent/spool/samples'))).toContain(`"seq":${next}`)
    const { code, tookMs } = await end(program, 'SIGTERM')
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(endedWithinMs)
    console.behaviour.upgrade = 'accept'
    run(joining(console))
    await expect.poll(() => console.links.length).toBeGreaterThan(1)
    const again = await linked(console)
    const runs = new Set(
      again
        .of('PublishSamples')
        .flatMap(({ variables }) => (variables.records as { run: string }[]).map((each) => each.run)),
    )
    expect(runs).toContain(link.init.run)
  })

  it('although a shell ignores it, and the console has stalled', async () => {
    const console = await openConsole()
    const program = run(joining(console))
    const link = await linked(console)
    const pid = await openShell(link, 'trm_1')
    const data = Buffer.from("trap '' HUP TERM; echo deaf-$((1+1)); while :; do sleep 1; done\r").toString('base64')
    link.order({
      __typename: 'TerminalAttachOrder',
      terminalId: 'trm_1',
      attachmentId: 'att_1',
      from: null,
      cols: 80,
      rows: 24,
    })
    link.order({ __typename: 'TerminalInputOrder', terminalId: 'trm_1', writer: 'att_1', offset: 0, data })
    const output = (): string =>
      link
        .of('PublishTerminalFrames')
        .flatMap(({ variables }) => variables.frames as { output?: { data: string } }[])
        .map((frame) => Buffer.from(frame.output?.data ?? '', 'base64').toString())
        .join('')
    await expect.poll(output).toContain('deaf-2')
    link.ws.pause()
    const { code, tookMs } = await end(program, 'SIGTERM')
    expect([code, isAlive(pid)]).toEqual([0, false])
    expect(tookMs).toBeLessThan(endedWithinMs)
  })

  it('before it has reached anybody', async () => {
    const program = run()
    await expect.poll(program.stderr).toContain('console not reached')
    const { code, tookMs } = await end(program, 'SIGTERM')
    expect(code).toBe(0)
    expect(tookMs).toBeLessThan(2000)
  })

  it('not by a reader of its log who has gone', async () => {
    const console = await openConsole()
    const program = run(joining(console, { SINDRI_LOG_LEVEL: 'debug' }))
    const link = await linked(console)
    program.child.stderr?.destroy()
    link.ws.terminate()
    await expect.poll(() => console.links.length).toBe(2)
    await linked(console)
    expect(await end(program, 'SIGTERM')).toMatchObject({ code: 0 })
  })
})

const spooled = (dir: string): string =>
  readdirSync(dir)
    .map((name) => readFileSync(join(dir, name), 'latin1'))
    .join('')
