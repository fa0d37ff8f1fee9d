import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFakeClock, type FakeClock } from '../clock.fake.ts'
import { ulid } from '../ids.ts'
import { createLog } from '../log.ts'
import { canMount, mountDisk, unmountDisk } from '../mount.scripted.ts'
import { openOutbox, type Outbox, type OutboxOptions } from './outbox.ts'
import type { Batch } from './records.ts'

let root: string
let dir: string
let clock: FakeClock
let lines: string[]
let opened: Outbox[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sindri-outbox-'))
  dir = join(root, 'spool')
  clock = createFakeClock()
  lines = []
  opened = []
})
afterEach(async () => {
  for (const outbox of opened) await outbox.close()
  unmountDisk(dir)
  rmSync(root, { recursive: true, force: true })
})

async function open(options: Partial<OutboxOptions> = {}): Promise<Outbox> {
  const log = createLog({ level: 'debug', format: 'json', clock, write: (line) => void lines.push(line) })
  const outbox = await openOutbox({ dir, run: ulid(clock.now()), clock, nowMs: clock.now, log, ...options })
  opened.push(outbox)
  return outbox
}

const stored = (batch: Batch) => ({ outcomes: batch.records.map(() => 'STORED'), refusals: [] })
const seqs = (batch: Batch | null) => batch?.records.map(({ seq }) => seq) ?? null
const bytesOf = (stream: string): number =>
  existsSync(join(dir, stream))
    ? readdirSync(join(dir, stream)).reduce((sum, name) => sum + statSync(join(dir, stream, name)).size, 0)
    : 0

async function drain(outbox: Outbox): Promise<Batch[]> {
  const batches: Batch[] = []
  for (let batch = await outbox.take(); batch; batch = await outbox.take()) {
    batches.push(batch)
    outbox.settle(batch, stored(batch))
  }
  return batches
}

test('records come out in order, numbered from 1 in each stream, with what was put in', async () => {
  const outbox = await open({ run: '01K0000000000000000000000A', nowMs: () => 10 })
  expect(outbox.append('samples', 1, { cpu: 0.1 })).toEqual({ run: '01K0000000000000000000000A', seq: 1 })
  outbox.append('samples', 2, { cpu: null })
  outbox.append('events', 3, { message: 'grüße' })
  const [events, samples] = await drain(outbox)
  expect(events).toMatchObject({
    stream: 'events',
    records: [{ value: { message: 'grüße', run: '01K0000000000000000000000A', seq: 1 } }],
  })
  expect(samples?.records.map(({ value }) => value)).toEqual([
    { cpu: 0.1, run: '01K0000000000000000000000A', seq: 1 },
    { cpu: null, run: '01K0000000000000000000000A', seq: 2 },
  ])
  expect(await outbox.take()).toBeNull()
})

test('a batch has at most 500 records and 256 KiB, and at most 4 are in flight', async () => {
  const outbox = await open()
  for (let index = 0; index < 1200; index++) outbox.append('samples', clock.now(), { index })
  const sizes: number[] = []
  for (let batch = await outbox.take(); batch; batch = await outbox.take()) sizes.push(batch.records.length)
  expect(sizes).toEqual([500, 500, 200])
  outbox.append('samples', clock.now(), { text: 'x'.repeat(200_000) })
  outbox.append('samples', clock.now(), { text: 'y'.repeat(200_000) })
  const [fourth, fifth] = await Promise.all([outbox.take(), outbox.take()])
  expect(fourth?.records).toHaveLength(1)
  expect(fourth?.bytes).toBeGreaterThan(200_000)
  expect(fifth).toBeNull()
})

test('two takes at once never share a record', async () => {
  const outbox = await open()
  for (let index = 0; index < 600; index++) outbox.append('samples', clock.now(), { index })
  await outbox.flush()
  const [first, second] = await Promise.all([outbox.take(), outbox.take()])
  expect([first?.records.length, second?.records.length]).toEqual([500, 100])
  expect(second?.records[0]?.seq).toBe(501)
})

test('without an answer a batch waits again in its old place', async () => {
  const outbox = await open()
  outbox.append('samples', clock.now(), {})
  outbox.append('samples', clock.now(), {})
  const first = await outbox.take()
  outbox.append('samples', clock.now(), {})
  if (first) outbox.release(first)
  expect(seqs(await outbox.take())).toEqual([1, 2, 3])
})

test('each record is answered for itself: stored, repeated and refused go, what has no answer stays', async () => {
  const outbox = await open()
  for (let index = 0; index < 5; index++) outbox.append('samples', clock.now(), {})
  const batch = await outbox.take()
  if (!batch) throw new Error('expected a batch')
  const refusal = { index: 2, code: 'CLOCK', field: 'at', expected: 'a recent time', got: '1970' }
  outbox.settle(batch, { outcomes: ['STORED', 'REPEATED', 'REFUSED', 'SOMETHING_NEW'], refusals: [refusal] })
  expect(outbox.state()).toMatchObject({ waiting: 2, inFlight: 0, refused: 1, dropped: 0 })
  const again = await outbox.take()
  expect(seqs(again)).toEqual([4, 5])
  if (!again) return
  outbox.settle(again, {
    outcomes: ['REFUSED', 'REFUSED'],
    refusals: [
      { ...refusal, index: 0 },
      { ...refusal, index: 1, field: 'cpu' },
    ],
  })
  const said = lines.filter((line) => line.includes('refused a record'))
  expect(said).toHaveLength(2)
  expect(JSON.parse(said[0] ?? '')).toMatchObject({ stream: 'samples', code: 'CLOCK', field: 'at', got: '1970' })
  expect(outbox.state()).toMatchObject({ waiting: 0, refused: 3 })
})

test('a second answer for one batch changes nothing', async () => {
  const outbox = await open()
  outbox.append('events', clock.now(), {})
  const batch = await outbox.take()
  if (!batch) throw new Error('expected a batch')
  outbox.release(batch)
  outbox.settle(batch, stored(batch))
  expect(outbox.state().waiting).toBe(1)
})

test('one record that spoils whole mutations is found by halving, and only it is dropped', async () => {
  const outbox = await open()
  for (let index = 1; index <= 37; index++) outbox.append('samples', clock.now(), { index })
  const delivered: number[] = []
  let mutations = 0
  for (let batch = await outbox.take(); batch; batch = await outbox.take()) {
    mutations++
    if (batch.records.some(({ value }) => value['index'] === 23)) {
      outbox.refuseWhole(batch, { code: 'BAD_QUERY', message: 'Variable "$records" got invalid value' })
    } else {
      delivered.push(...batch.records.map(({ seq }) => seq))
      outbox.settle(batch, stored(batch))
    }
  }
  expect(delivered.toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 37 }, (_, index) => index + 1).filter((seq) => seq !== 23),
  )
  expect(mutations).toBeLessThan(14)
  expect(outbox.state()).toMatchObject({ waiting: 0, inFlight: 0, refused: 1 })
})

test('a refusal of the link, not of the records, drops nothing', async () => {
  const outbox = await open()
  outbox.append('samples', clock.now(), {})
  for (const code of ['SUPERSEDED', 'FORBIDDEN', 'UNAUTHENTICATED', 'INTERNAL']) {
    const batch = await outbox.take()
    if (batch) outbox.refuseWhole(batch, { code, message: 'no' })
  }
  expect(outbox.state()).toMatchObject({ waiting: 1, inFlight: 0, refused: 0 })
})

test('what was not answered is found by the next run with its old run, and what was answered is not', async () => {
  const first = await open({ run: '01K0000000000000000000000A' })
  for (let index = 0; index < 4; index++) first.append('samples', clock.now(), { index })
  first.append('events', clock.now(), { message: 'once' })
  await first.flush()
  const events = await first.take()
  const samples = await first.take()
  if (!events || !samples) throw new Error('expected two batches')
  first.settle(events, stored(events))
  first.settle(samples, { outcomes: ['', 'STORED', 'STORED', ''], refusals: [] })
  await first.close()

  const second = await open({ run: '01K0000000000000000000000B' })
  second.append('samples', clock.now(), { index: 9 })
  const batches = await drain(second)
  expect(batches.map(({ stream }) => stream)).toEqual(['samples'])
  expect(batches[0]?.records.map(({ run, seq, value }) => [run.at(-1), seq, value['index']])).toEqual([
    ['A', 1, 0],
    ['A', 4, 3],
    ['B', 1, 9],
  ])
  expect(batches[0]?.records[0]?.value).toEqual(samples.records[0]?.value)
})

test('a spool whose records are all answered stays small', async () => {
  const outbox = await open({ segmentBytes: 64 * 1024 })
  for (let round = 0; round < 60; round++) {
    for (let index = 0; index < 20; index++) outbox.append('samples', clock.now(), { text: 'x'.repeat(500) })
    await outbox.flush()
    await drain(outbox)
  }
  await outbox.flush()
  expect(bytesOf('samples')).toBeLessThan(150_000)
  expect(outbox.state()).toMatchObject({ waiting: 0, diskBytes: 0 })
})

test('a full spool drops its oldest samples, never events, and reports a counted gap', async () => {
  const outbox = await open({ spoolBytes: 40_000, segmentBytes: 8_000 })
  const startMs = clock.now()
  for (let index = 0; index < 100; index++) {
    outbox.append('samples', startMs + index * 1000, { text: 'x'.repeat(900) })
    outbox.append('events', startMs + index * 1000, { index })
    await outbox.flush()
  }
  expect(bytesOf('samples') + bytesOf('events')).toBeLessThan(50_000)
  const batches = await drain(outbox)
  const taken = (stream: string) => batches.filter((batch) => batch.stream === stream).flatMap(({ records }) => records)
  const { dropped } = outbox.state()
  expect(dropped).toBeGreaterThan(40)
  expect(taken('events')).toHaveLength(100)
  expect(taken('samples').map(({ seq }) => seq)).toEqual(
    Array.from({ length: 100 - dropped }, (_, index) => dropped + 1 + index),
  )
  expect(taken('gaps').map(({ value }) => value)).toMatchObject([
    {
      seq: 1,
      from: new Date(startMs).toISOString(),
      to: new Date(startMs + (dropped - 1) * 1000).toISOString(),
      dropped,
    },
  ])
})

test('samples older than 24 h are dropped and told, even when the agent died in between', async () => {
  const first = await open()
  first.append('samples', clock.now(), { old: true })
  await clock.advance(60_000)
  first.append('samples', clock.now(), { old: true })
  first.append('events', clock.now(), { old: true })
  const fromMs = clock.now() - 60_000
  await clock.advance(86_400_001)
  first.append('samples', clock.now(), { old: false })
  await first.close()

  const second = await open()
  const batches = await drain(second)
  expect(batches.map(({ stream, records }) => [stream, records.length])).toEqual([
    ['gaps', 1],
    ['events', 1],
    ['samples', 1],
  ])
  expect(batches[0]?.records[0]?.value).toMatchObject({
    dropped: 2,
    from: new Date(fromMs).toISOString(),
    to: new Date(fromMs + 60_000).toISOString(),
  })
  await second.close()
  expect((await drain(await open())).map(({ stream }) => stream)).toEqual([])
})

test('nothing is old while nobody has said what time it is: a clock that is a year ahead drops no sample', async () => {
  const first = await open()
  first.append('samples', clock.now(), {})
  await first.close()
  clock.jumpWall(365 * 86_400_000)
  let told: number | null = null
  const second = await open({ nowMs: () => told })
  second.append('samples', clock.now(), {})
  expect(second.state()).toMatchObject({ waiting: 2, dropped: 0 })
  told = clock.now()
  second.append('samples', clock.now(), {})
  expect(second.state().dropped).toBe(1)
})

test('while a gap is being reported it goes on counting, and the rest is reported next', async () => {
  const outbox = await open({ spoolMs: 1_000 })
  outbox.append('samples', clock.now(), {})
  await clock.advance(1_001)
  const first = await outbox.take()
  expect(first).toMatchObject({ stream: 'gaps', records: [{ value: { dropped: 1 } }] })
  outbox.append('samples', clock.now(), {})
  outbox.append('samples', clock.now(), {})
  await clock.advance(1_001)
  expect(await outbox.take()).toBeNull()
  if (first) outbox.settle(first, stored(first))
  expect(await outbox.take()).toMatchObject({ stream: 'gaps', records: [{ value: { dropped: 2, seq: 2 } }] })
})

test('the spool is deleted under a running agent: nothing is lost, and new data is not taken for a repeat', async () => {
  const outbox = await open({ segmentBytes: 2_000 })
  for (let index = 0; index < 20; index++) {
    outbox.append('samples', clock.now(), { index, text: 'x'.repeat(300) })
    await outbox.flush()
  }
  rmSync(root, { recursive: true })
  expect(outbox.append('samples', clock.now(), { index: 20 }).seq).toBe(21)
  await outbox.flush()
  expect(lines.join('')).toContain('deleted under the agent')
  await outbox.close()
  const again = await open()
  const records = (await drain(again)).flatMap((batch) => batch.records)
  expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1))
  expect(records.map(({ value }) => value['index'])).toEqual(Array.from({ length: 21 }, (_, index) => index))
})

test('a disk that refuses leaves records in memory, bounded, with a notice, until it takes them again', async () => {
  writeFileSync(dir, 'in the way')
  const outbox = await open({ memoryBytes: 5_000 })
  for (let index = 0; index < 10; index++) outbox.append('samples', clock.now() + index, { text: 'x'.repeat(900) })
  outbox.append('events', clock.now(), { message: 'kept' })
  await outbox.flush()
  expect(outbox.state().notices[0]).toContain('kept in memory only')
  expect(outbox.state().dropped).toBeGreaterThanOrEqual(5)
  const kinds = (await drain(outbox)).map(({ stream, records }) => [stream, records.length])
  expect(kinds).toEqual([
    ['gaps', 1],
    ['events', 1],
    ['samples', 10 - outbox.state().dropped],
  ])
})

test('ends of commands outlast everything else where there is neither disk nor room', async () => {
  writeFileSync(dir, 'in the way')
  const outbox = await open({ memoryBytes: 3_000 })
  for (let index = 0; index < 3; index++) outbox.append('commands', clock.now(), { text: 'x'.repeat(700) })
  for (let index = 0; index < 5; index++) outbox.append('events', clock.now(), { text: 'x'.repeat(700) })
  for (let index = 0; index < 5; index++) outbox.append('samples', clock.now(), { text: 'x'.repeat(700) })
  await outbox.flush()
  expect(outbox.held('commands')).toMatchObject({ records: 3, former: 0 })
  expect(outbox.held('commands').memoryBytes).toBe(outbox.held('commands').bytes)
  expect(outbox.held('samples').records).toBe(0)
})

test('the report of a gap stays where all else in memory is on its way and there is no room', async () => {
  const outbox = await open({ dir: null, memoryBytes: 2_800, nowMs: () => null })
  const sample = { text: 'x'.repeat(500) }
  for (let at = 1; at <= 5; at++) outbox.append('samples', at, sample)
  const onItsWay = await outbox.take()
  expect(seqs(onItsWay)).toEqual([1, 2, 3, 4, 5])
  outbox.append('samples', 6, sample)
  expect(outbox.state().dropped).toBe(1)
  const report = await outbox.take()
  expect(report).toMatchObject({ stream: 'gaps', records: [{ value: { dropped: 1 } }] })
})

test('says what former runs left in a stream, and when the last of it is answered for', async () => {
  const first = await open()
  for (let index = 0; index < 2; index++) first.append('commands', clock.now(), { index })
  await first.close()
  await clock.advance(1)
  const second = await open()
  second.append('commands', clock.now(), { index: 9 })
  await second.flush()
  expect(second.held('commands')).toMatchObject({ records: 3, former: 2, memoryBytes: 0 })
  const seen: number[] = []
  const undo = second.onSettle(() => seen.push(second.held('commands').former))
  const batch = (await second.take(['commands'])) as Batch
  second.settle(batch, { outcomes: ['STORED'], refusals: [] })
  await drain(second)
  expect(seen).toEqual([1, 0])
  undo()
  second.append('commands', clock.now(), {})
  await drain(second)
  expect(seen).toHaveLength(2)
})

test('has nothing in memory of what is written', async () => {
  const outbox = await open()
  outbox.append('commands', clock.now(), { text: 'x' })
  expect(outbox.held('commands').memoryBytes).toBeGreaterThan(0)
  await outbox.written('commands')
  expect(outbox.held('commands')).toMatchObject({ records: 1, memoryBytes: 0 })
})

test('gives out only what is asked for', async () => {
  const outbox = await open()
  outbox.append('commands', clock.now(), {})
  outbox.append('samples', clock.now(), {})
  expect(await outbox.take(['gaps', 'events'])).toBeNull()
  expect(await outbox.take(['samples'])).toMatchObject({ stream: 'samples' })
  expect(await outbox.take()).toMatchObject({ stream: 'commands' })
})

test('a disk that comes back gets what memory held meanwhile', async () => {
  const outbox = await open()
  outbox.append('samples', clock.now(), { index: 1 })
  await outbox.flush()
  rmSync(dir, { recursive: true })
  writeFileSync(dir, 'in the way')
  outbox.append('samples', clock.now(), { index: 2 })
  outbox.append('events', clock.now(), { message: 'a' })
  await outbox.flush()
  expect(outbox.state().notices).toHaveLength(1)
  rmSync(dir)
  await clock.advance(10_000)
  await outbox.flush()
  expect(outbox.state().notices).toEqual([])
  expect(lines.join('')).toContain('can be written again')
  await outbox.close()
  const records = (await drain(await open())).flatMap((batch) => batch.records)
  expect(records.map(({ value }) => value['message'] ?? value['index'])).toEqual(['a', 1, 2])
})

test.runIf(canMount)(
  'a disk that the spool itself has filled gets room when all is answered, and was tried with few files',
  async () => {
    mountDisk(dir, 512)
    const outbox = await open({ segmentBytes: 64 * 1024 })
    const fill = async (): Promise<void> => {
      outbox.append('samples', clock.now(), { text: 'x'.repeat(1000) })
      await outbox.flush()
    }
    while (outbox.state().notices.length === 0) await fill()
    expect(outbox.state().notices[0]).toContain('ENOSPC')
    const files = readdirSync(join(dir, 'samples')).length
    for (let index = 0; index < 20; index++) {
      await fill()
      await clock.advance(10_000)
      await outbox.flush()
    }
    expect(readdirSync(join(dir, 'samples'))).toHaveLength(files)
    expect(lines.filter((line) => line.includes('"warn"'))).toHaveLength(1)
    expect(outbox.state().notices).toHaveLength(1)

    const sent = (await drain(outbox)).flatMap((batch) => batch.records)
    expect(sent.map(({ seq }) => seq)).toEqual(sent.map((_, index) => index + 1))
    await clock.advance(10_000)
    await outbox.close()
    expect(outbox.state().notices).toEqual([])
    expect(bytesOf('samples')).toBeLessThan(64 * 1024)
    expect(await drain(await open())).toEqual([])
  },
)

test.runIf(canMount)('a disk that others have filled gets what memory held once they make room', async () => {
  mountDisk(dir, 256)
  const outbox = await open()
  const ballast = join(dir, 'ballast')
  expect(() => writeFileSync(ballast, Buffer.alloc(1024 * 1024))).toThrow('ENOSPC')
  for (let index = 0; index < 3; index++) outbox.append('samples', clock.now(), { text: 'x'.repeat(10_000) })
  outbox.append('events', clock.now(), { message: 'a' })
  await outbox.flush()
  expect(outbox.state()).toMatchObject({ waiting: 4, dropped: 0, notices: [expect.stringContaining('ENOSPC')] })
  rmSync(ballast)
  await clock.advance(10_000)
  await outbox.close()
  expect(outbox.state().notices).toEqual([])
  expect((await drain(await open())).flatMap((batch) => seqs(batch))).toEqual([1, 1, 2, 3])
})

test('without a directory everything works in memory', async () => {
  const outbox = await open({ dir: null })
  outbox.append('samples', clock.now(), {})
  await outbox.flush()
  expect(await drain(outbox)).toHaveLength(1)
  expect(outbox.state()).toMatchObject({ waiting: 0, diskBytes: 0, notices: [] })
})

test('bytes that rotted on disk cost their own record, counted', async () => {
  const outbox = await open()
  for (let index = 0; index < 3; index++) outbox.append('samples', clock.now(), { text: 'x'.repeat(100) })
  await outbox.flush()
  const [name = ''] = readdirSync(join(dir, 'samples'))
  const handle = openSync(join(dir, 'samples', name), 'r+')
  writeSync(handle, 'rot', 260)
  closeSync(handle)
  expect(seqs(await outbox.take())).toEqual([1, 3])
  expect(outbox.state().dropped).toBe(1)
})

test('an agent killed with -9 has on disk what it had flushed', async () => {
  const script = `
    const load = (name) => import(${JSON.stringify(join(import.meta.dirname, '..'))} + '/' + name)
    const { systemClock } = await load('clock.ts')
    const { openOutbox } = await load('outbox/outbox.ts')
    const quiet = () => {}
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, with: () => log }
    const options = { dir: ${JSON.stringify(dir)}, run: '01K0000000000000000000000A', clock: systemClock, nowMs: systemClock.now, log }
    const outbox = await openOutbox(options)
    for (;;) {
      const { seq } = outbox.append('samples', systemClock.now(), { text: 'x'.repeat(500) })
      await outbox.flush()
      console.log(seq)
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  let flushed = 0
  for await (const line of createInterface({ input: child.stdout })) {
    flushed = Number(line)
    if (flushed === 60) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  const outbox = await open({ nowMs: Date.now })
  const found = (await drain(outbox)).flatMap(({ records }) => records)
  expect(found.length).toBeGreaterThanOrEqual(flushed)
  expect(found.map(({ seq }) => seq)).toEqual(found.map((_, index) => index + 1))
})
