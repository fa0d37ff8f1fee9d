// The console as a process: what it says when it is ready, when it cannot start, and how it ends.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Started } from './app.ts'
import { openTestDb, type TestDb } from './testing/backend.ts'

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

let db: TestDb
let folder: string
beforeAll(async () => {
  db = await openTestDb()
  folder = mkdtempSync(path.join(tmpdir(), 'sindri-main-'))
})
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

interface Running {
  child: ChildProcess
  stderr(): string
  stdout(): string
  /** The next message over IPC. */
  told: Promise<{ type: string; message?: string } & Partial<Started>>
  ended: Promise<number>
}
const running: Running[] = []
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
})

const run = (env: Record<string, string> = {}, name = './main.ts', args: string[] = []): Running => {
  const child = fork(script(name), args, {
    // vitest's own flags are not for the console.
    execArgv: [],
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      SINDRI_DATA_DIR: path.join(folder, 'data'),
      SINDRI_LOG_LEVEL: 'warn',
      ...(db.url && { DATABASE_URL: db.url }),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const said = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]?.on('data', (chunk: Buffer) => (said[stream] += chunk.toString()))
  const streams = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'end'))
  const ended = Promise.all([once(child, 'exit'), ...streams]).then(([[code]]) => code as number)
  const told = new Promise<{ type: string }>((resolve, reject) => {
    child.on('message', (message: { type: string }) => message.type !== 'step' && resolve(message))
    child.on('exit', () => reject(new Error('ended without a word')))
  })
  // Whoever is ended without a word tells nothing.
  told.catch(() => {})
  const one: Running = { child, stderr: () => said.stderr, stdout: () => said.stdout, told, ended }
  running.push(one)
  return one
}

const ask = async (url: string, query: string, variables: object = {}): Promise<any> => {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  return answer.json()
}
const SIGN_IN =
  'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { mustChangePassword } }'

// Each start makes a database of its own, on a machine that may be busy.
describe('a console', { timeout: 120_000 }, () => {
  it('says where it is and how to sign in, once; ends on SIGTERM, and keeps what it had', async () => {
    const first = run()
    const ready = await first.told
    expect(ready).toMatchObject({
      type: 'ready',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      adminEmail: 'admin@sindri.local',
    })
    expect(ready.databaseLabel).toMatch(/^(PGlite|PostgreSQL) \d+/)
    expect(readFileSync(ready.enrolSecretFile ?? '', 'utf8').trim()).toMatch(/^[\w-]{43}$/)
    expect((await fetch(`${ready.url}/readyz`)).status).toBe(200)
    const { data } = await ask(ready.url ?? '', SIGN_IN, { email: ready.adminEmail, password: ready.oneTimePassword })
    expect(data).toEqual({ signIn: { mustChangePassword: true } })
    const startedMs = performance.now()
    first.child.kill('SIGTERM')
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    expect(performance.now() - startedMs).toBeLessThan(5_000)

    const second = run()
    expect(await second.told).toMatchObject({ type: 'ready', oneTimePassword: null, adminEmail: 'admin@sindri.local' })
    second.child.disconnect()
    expect(await second.ended).toBe(0)
    expect([first.stderr(), second.stderr()]).toEqual(['', ''])
  })

  it('says what its start is at, and ends in order when its terminal is closed', async () => {
    const steps: string[] = []
    const one = run()
    one.child.on('message', ({ type, name }: { type: string; name: string }) => type === 'step' && steps.push(name))
    await one.told
    expect(steps).toEqual(['open database', 'migrate database', 'open bus', 'start services'])
    one.child.kill('SIGHUP')
    expect([await one.ended, one.stderr()]).toEqual([0, ''])
  })

  it('says in one line what a HOST beyond this machine exposes', async () => {
    const wide = run({ HOST: '0.0.0.0' })
    expect(await wide.told).toMatchObject({ type: 'ready', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) })
    expect(wide.stderr()).toMatch(/^sindri: HOST=0\.0\.0\.0: everybody .*\n$/)
    wide.child.kill('SIGTERM')
    expect(await wide.ended).toBe(0)
  })

  it('gives a new one-time password to who lost theirs', async () => {
    const other = run({}, './admin.ts', ['reset-password'])
    expect([await other.ended, other.stderr()]).toEqual([0, ''])
    const [, password] = /^admin@sindri\.local {3}(\S+) {3}/.exec(other.stdout()) ?? []
    const console = run()
    const { url = '' } = await console.told
    expect(await ask(url, SIGN_IN, { email: 'admin@sindri.local', password })).toMatchObject({
      data: { signIn: { mustChangePassword: true } },
    })
    const beside = run({}, './admin.ts', ['reset-password', 'admin@sindri.local'])
    // The embedded database has room for one process; on PostgreSQL a console that runs is no hindrance.
    if (db.url) expect(await beside.ended).toBe(0)
    else
      expect([await beside.ended, beside.stderr()]).toEqual([
        2,
        expect.stringMatching(/^sindri: Expected .* has open: stop that console first.*\n$/),
      ])
  })
})

describe('the command line of an administrator', () => {
  it.each<[string[], Record<string, string>, RegExp]>([
    [[], {}, /^usage: npm run admin -- reset-password \[e-mail\]$/],
    [['reset-password', 'nonsense'], {}, /^sindri: e-mail: expected an e-mail address/],
    [['reset-password', 'nobody@example.org'], {}, /^sindri: Nobody has the address nobody@example\.org\.$/],
    [['reset-password'], { DATABASE_URL: 'mysql://x' }, /^sindri: DATABASE_URL: expected/],
    [['reset-password'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, /^sindri: .*database/],
    [['reset-password'], { DATABASE_URL: 'pglite:/dev/null/x' }, /^sindri: Expected \/dev\/null\/x to be writable/],
  ])('%j with %j says what is wrong in one line, and ends with 2', async (args, env, line) => {
    const one = run(env, './admin.ts', args)
    expect(await one.ended).toBe(2)
    expect(one.stderr().trimEnd()).toMatch(line)
    expect([one.stderr().trimEnd().split('\n').length, one.stdout()]).toEqual([1, ''])
  })
})

describe('a console that cannot start says why in one line and ends with 2', () => {
  const failing = async (env: Record<string, string>, line: RegExp): Promise<void> => {
    const one = run(env)
    expect(await one.told).toMatchObject({ type: 'failed', message: expect.stringMatching(line) })
    expect(await one.ended).toBe(2)
    expect(one.stderr()).toMatch(new RegExp(`^sindri: .*${line.source}.*\\n$`))
    expect(one.stdout()).toBe('')
  }

  it('for a wrong variable', () => failing({ PORT: 'http' }, /PORT: expected a whole number/))

  it('for a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await failing({ PORT: String(port) }, new RegExp(`PORT: expected a free port, got ${port}`))
    server.close()
  })

  it('for an address of another machine', () =>
    failing({ HOST: '192.0.2.1' }, /HOST: expected an address of this machine, got 192\.0\.2\.1/))

  it('for a folder that is none', async () => {
    writeFileSync(path.join(folder, 'file'), '')
    await failing({ SINDRI_DATA_DIR: path.join(folder, 'file') }, /Expected .*file to be a folder that can be written/)
    await failing({ SINDRI_DATA_DIR: path.join(folder, 'file', 'below') }, /Expected .*below to be a folder/)
  })

  it.runIf(existsSync('/proc'))('for a folder where nothing can be made, at once', async () => {
    await failing({ SINDRI_DATA_DIR: '/proc/sindri' }, /Expected \/proc\/sindri to be a folder that can be written/)
    await failing({ DATABASE_URL: 'pglite:/proc/sindri' }, /Expected \/proc\/sindri to be writable/)
  })

  // Two databases are made.
  it('for a disk that takes no more', { timeout: 90_000 }, async () => {
    const dataDir = path.join(folder, 'full')
    // Less than the first file of the database's log, in blocks of 512 or 1024 bytes: the same to it as a full disk.
    const shell = spawn('/bin/sh', ['-c', 'ulimit -f 4096; exec "$0" "$1"', process.execPath, script('./main.ts')], {
      env: { PATH: process.env.PATH, PORT: '0', SINDRI_DATA_DIR: dataDir, SINDRI_LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    shell.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    await once(shell, 'close')
    expect([shell.exitCode, said]).toEqual([
      2,
      expect.stringMatching(
        /^sindri: Expected a database folder at .*, got one that does not open: .* MiB free on its disk\)\n$/,
      ),
    ])
    // What was begun there is no hindrance once there is room.
    const later = run({ DATABASE_URL: `pglite:${path.join(dataDir, 'database')}`, SINDRI_DATA_DIR: dataDir })
    expect(await later.told).toMatchObject({ type: 'ready' })
  })

  it('for a database that is not there', () =>
    failing({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }, /database/))

  it('for an embedded database that another console has open', async () => {
    const dataDir = path.join(folder, 'embedded')
    const env = { DATABASE_URL: `pglite:${path.join(dataDir, 'database')}`, SINDRI_DATA_DIR: dataDir }
    const first = run(env)
    await first.told
    await failing(env, /stop that console first/)
  })
})
