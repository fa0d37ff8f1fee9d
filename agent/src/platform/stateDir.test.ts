import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { generateKeyPairSync, verify, sign, createPublicKey } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { createFakeClock } from './clock.fake.ts'
import { createLog } from './log.ts'
import { canMount, mountDisk, remountDisk, unmountDisk } from './mount.scripted.ts'
import { openStateDir } from './stateDir.ts'

let root: string
let path: string
let lines: string[]
const log = createLog({ level: 'debug', format: 'json', clock: systemClock, write: (line) => void lines.push(line) })
const open = (at = path) => openStateDir({ path: at, clock: systemClock, log })
const enrolment = {
  instanceId: 'ins_1',
  name: 'box',
  token: 'jwt',
  consoleUrl: 'https://c',
  linkUrl: 'wss://c/graphql',
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sindri-state-'))
  path = join(root, 'a', 'agent')
  lines = []
})
afterEach(() => {
  unmountDisk(path)
  rmSync(root, { recursive: true, force: true })
})

/** Another process that locks the directory and then waits until it is killed. */
async function otherAgent() {
  const script = `
    const { openStateDir } = await import(${JSON.stringify(join(import.meta.dirname, 'stateDir.ts'))})
    const { systemClock } = await import(${JSON.stringify(join(import.meta.dirname, 'clock.ts'))})
    const quiet = () => {}
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, with: () => log }
    await openStateDir({ path: ${JSON.stringify(path)}, clock: systemClock, log }).then(
      () => console.log('held'),
      (error) => { console.log(error.name); process.exit(3) },
    )
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: said.toString().trim() }
}

test('the first start makes a private directory and an Ed25519 key that later starts find again', async () => {
  const first = await open()
  expect(statSync(path).mode & 0o777).toBe(0o700)
  expect(statSync(join(path, 'identity.pem')).mode & 0o777).toBe(0o600)
  expect(first.publicKey).toMatch(/^[\w-]{43}$/)
  const signature = sign(null, Buffer.from('nonce'), first.privateKey)
  expect(verify(null, Buffer.from('nonce'), createPublicKey(first.privateKey), signature)).toBe(true)
  first.close()
  writeFileSync(join(path, 'identity.pem.1.tmp'), 'torn')
  const second = await open()
  expect(second.publicKey).toBe(first.publicKey)
  second.close()
  expect(readdirSync(path)).toEqual(['identity.pem'])
})

test('a directory and a key that others may read are made private', async () => {
  ;(await open()).close()
  chmodSync(path, 0o755)
  chmodSync(join(path, 'identity.pem'), 0o644)
  ;(await open()).close()
  expect(statSync(path).mode & 0o777).toBe(0o700)
  expect(statSync(join(path, 'identity.pem')).mode & 0o777).toBe(0o600)
})

test('a second agent is refused while the first lives and let in after the first was killed with -9', async () => {
  const { child, said } = await otherAgent()
  expect(said).toBe('held')
  await expect(open()).rejects.toThrow(`is in use by another agent, process ${child.pid}.`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(readdirSync(path).some((name) => name.startsWith('lock.'))).toBe(true)
  const state = await open()
  expect(readdirSync(path).filter((name) => name.startsWith('lock.'))).toHaveLength(1)
  state.close()
})

test('the same process cannot hold the directory twice', async () => {
  const state = await open()
  await expect(open()).rejects.toThrow('is in use by this process')
  state.close()
})

test('a lock left by a process whose id now belongs to another one is stale', async () => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').replaceAll('-', '').slice(0, 12)
  writeFileSync(join(path, `lock.${boot}.1.999999999`), '')
  writeFileSync(join(path, `lock.000000000000.${process.pid}.1`), '')
  const state = await open()
  expect(readdirSync(path).filter((name) => name.startsWith('lock.'))).toHaveLength(1)
  state.close()
})

test('of agents that start in the same moment at most one gets the directory', async () => {
  const others = await Promise.all([otherAgent(), otherAgent(), otherAgent()])
  expect(others.filter(({ said }) => said === 'held').length).toBeLessThanOrEqual(1)
  for (const { child } of others) child.kill('SIGKILL')
})

test('the enrolment is kept for its owner only, and can be forgotten', async () => {
  const state = await open()
  expect(state.enrolment()).toBeNull()
  state.saveEnrolment(enrolment)
  expect(statSync(join(path, 'enrolment.json')).mode & 0o777).toBe(0o600)
  state.close()
  const again = await open()
  expect(again.enrolment()).toEqual(enrolment)
  again.saveEnrolment(null)
  expect(again.enrolment()).toBeNull()
  again.close()
})

test('an enrolment record that is not one counts as none and is said', async () => {
  const state = await open()
  for (const text of ['{"instanceId":1}', 'null', 'garbage', '[]']) {
    writeFileSync(join(path, 'enrolment.json'), text)
    expect(state.enrolment()).toBeNull()
  }
  expect(lines.join('')).toContain('the agent enrols again')
  state.close()
})

test('a key of another kind is refused with what was expected and what was got, and frees the lock', async () => {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(join(path, 'identity.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  await expect(open()).rejects.toThrow(/expected an Ed25519 private key in PKCS8 PEM, got a key of type ec/)
  writeFileSync(join(path, 'identity.pem'), 'torn')
  await expect(open()).rejects.toThrow(/expected an Ed25519 private key/)
  rmSync(join(path, 'identity.pem'))
  ;(await open()).close()
})

test('a place that cannot be a directory leaves the agent in memory, with a notice', async () => {
  writeFileSync(join(root, 'file'), '')
  const state = await open(join(root, 'file', 'agent'))
  expect(state.path).toBeNull()
  expect(state.notice).toMatch(/kept in memory only: state directory .* is not writable/)
  state.saveEnrolment(enrolment)
  expect(state.enrolment()).toEqual(enrolment)
  state.saveEnrolment(null)
  expect(state.enrolment()).toBeNull()
  state.write('x', '1')
  expect(state.read('x')).toBe('1')
  state.close()
})

test('a directory deleted under the agent comes back with the identity at the next write', async () => {
  const state = await open()
  rmSync(root, { recursive: true })
  expect(state.read('position')).toBeNull()
  state.write('position', '7')
  expect(existsSync(join(path, 'identity.pem'))).toBe(true)
  state.close()
  const again = await open()
  expect(again.publicKey).toBe(state.publicKey)
  expect(again.read('position')).toBe('7')
  again.close()
})

test.runIf(canMount)('a first start on a full disk says so, and writes the identity when there is room', async () => {
  mountDisk(path, 64)
  const ballast = join(path, 'ballast')
  expect(() => writeFileSync(ballast, Buffer.alloc(128 * 1024))).toThrow('ENOSPC')
  const clock = createFakeClock()
  const state = await openStateDir({ path, clock, log })
  state.saveEnrolment(enrolment)
  expect(state.notice).toMatch(/kept in memory only: state directory .* cannot be written \(ENOSPC/)
  expect(state.enrolment()).toEqual(enrolment)
  await clock.advance(10_000)
  expect(state.notice).toContain('ENOSPC')
  rmSync(ballast)
  await clock.advance(10_000)
  expect(state.notice).toBeNull()
  state.close()
  const again = await open()
  expect([again.publicKey, again.enrolment()]).toEqual([state.publicKey, enrolment])
  again.close()
})

test.runIf(canMount)('a directory that turns read-only keeps its word in memory until it can be written', async () => {
  mountDisk(path, 64)
  const clock = createFakeClock()
  const state = await openStateDir({ path, clock, log })
  state.saveEnrolment(enrolment)
  remountDisk(path, 'ro')
  state.saveEnrolment(null)
  expect(state.enrolment()).toBeNull()
  expect(state.notice).toContain('EROFS')
  remountDisk(path, 'rw')
  await clock.advance(10_000)
  expect([state.notice, state.enrolment()]).toEqual([null, null])
  expect(readFileSync(join(path, 'enrolment.json'), 'utf8')).toBe('')
  state.close()
})

test.runIf(canMount)(
  'a start on a read-only directory uses the identity in it, and says that nothing is kept',
  async () => {
    mountDisk(path, 64)
    const first = await open()
    first.saveEnrolment(enrolment)
    first.close()
    remountDisk(path, 'ro')
    const state = await open()
    expect([state.path, state.publicKey, state.enrolment()]).toEqual([null, first.publicKey, enrolment])
    expect(state.notice).toMatch(/is not writable \(EROFS/)
    state.saveEnrolment(null)
    expect(state.enrolment()).toBeNull()
    state.close()
  },
)
