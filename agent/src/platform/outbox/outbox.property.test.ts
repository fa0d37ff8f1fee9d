// Any order of appends, answers, silences, deaths and torn files: every record that was not answered comes again, as it was.
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createFakeClock } from '../clock.fake.ts'
import { createLog } from '../log.ts'
import { openOutbox, type Outbox } from './outbox.ts'
import type { Batch, Stream } from './records.ts'

type Step =
  | { do: 'append'; stream: Stream; size: number }
  | { do: 'take' }
  | { do: 'settle'; pick: number; outcomes: string[] }
  | { do: 'release'; pick: number }
  | { do: 'refuseWhole'; pick: number }
  | { do: 'flush' }
  | { do: 'unlink' }
  | { do: 'die'; torn: number; stream: Stream }

const stream = fc.constantFrom<Stream>('samples', 'events', 'commands')
const pick = fc.nat(3)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('append'), stream, size: fc.nat(400) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      pick,
      outcomes: fc.array(fc.constantFrom('STORED', 'REPEATED', 'REFUSED', 'STORED', ''), {
        minLength: 12,
        maxLength: 12,
      }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuseWhole'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flush') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unlink') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('die'), torn: fc.oneof(fc.constant(0), fc.nat(700)), stream }) },
)

interface Known {
  /** Position among all appends of its stream. */
  order: number
  text: string
}

const each = <T>(make: () => T): Record<Stream, T> => ({
  gaps: make(),
  events: make(),
  commands: make(),
  samples: make(),
})

class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'sindri-outbox-'))
  readonly clock = createFakeClock()
  readonly known: Record<Stream, Map<string, Known>> = each(() => new Map<string, Known>())
  /** Appended and not answered for good. */
  readonly pending: Record<Stream, Set<string>> = each(() => new Set<string>())
  batches: Batch[] = []
  runs = 0
  /** Files were deleted and written anew: what lies last in them is not always the youngest. */
  moved = false
  outbox!: Outbox

  async open(): Promise<void> {
    this.runs++
    const log = createLog({ level: 'error', format: 'json', clock: this.clock, write: () => {} })
    const run = `01K${String(this.runs).padStart(23, '0')}`
    const { clock, dir } = this
    this.outbox = await openOutbox({ dir, run, clock, nowMs: clock.now, log, segmentBytes: 900 })
  }

  append(to: Stream, size: number): void {
    const payload = { text: 'ü'.repeat(size), at: this.known[to].size }
    const { run, seq } = this.outbox.append(to, this.clock.now(), payload)
    const key = `${run} ${seq}`
    // A seq that comes twice within its run would make new data look like a repeat.
    assert.equal(this.known[to].has(key), false)
    this.known[to].set(key, { order: this.known[to].size, text: JSON.stringify({ ...payload, run, seq }) })
    this.pending[to].add(key)
  }

  async take(): Promise<Batch | null> {
    const batch = await this.outbox.take()
    if (!batch) return null
    const orders = batch.records.map(({ run, seq, value }) => {
      const known = this.known[batch.stream].get(`${run} ${seq}`)
      assert.equal(JSON.stringify(value), known?.text)
      return known?.order ?? -1
    })
    assert.deepEqual(
      orders,
      orders.toSorted((a, b) => a - b),
    )
    this.batches.push(batch)
    return batch
  }

  settle(batch: Batch, outcomes: readonly string[]): void {
    this.batches = this.batches.filter((other) => other !== batch)
    this.outbox.settle(batch, { outcomes, refusals: [] })
    for (const [index, { run, seq }] of batch.records.entries()) {
      if (outcomes[index]) this.pending[batch.stream].delete(`${run} ${seq}`)
    }
  }

  /** The files lose their last bytes, as in a death while they were being written. */
  tear(of: Stream, bytes: number): void {
    const folder = join(this.dir, of)
    const name = readdirSync(folder).toSorted().at(-1)
    if (!name) return
    const path = join(folder, name)
    truncateSync(path, Math.max(0, statSync(path).size - bytes))
  }

  /** Everything that waits, without answering any of it. */
  async waiting(): Promise<Record<Stream, string[]>> {
    const found: Record<Stream, string[]> = each<string[]>(() => [])
    const taken: Batch[] = []
    for (let batch = await this.take(); batch; batch = await this.take()) {
      found[batch.stream].push(...batch.records.map(({ run, seq }) => `${run} ${seq}`))
      taken.push(batch)
    }
    for (const batch of taken) this.outbox.release(batch)
    this.batches = []
    return found
  }

  async die(torn: number, of: Stream): Promise<void> {
    await this.outbox.close()
    if (torn > 0 && existsSync(join(this.dir, of))) this.tear(of, torn)
    await this.open()
    const found = await this.waiting()
    for (const name of ['samples', 'events', 'commands'] as const) {
      const orderOf = (key: string): number => this.known[name].get(key)?.order ?? -1
      const back = new Set(found[name])
      const lost = [...this.pending[name]].filter((key) => !back.has(key))
      if (torn === 0 || name !== of) assert.deepEqual(new Set(found[name]), this.pending[name])
      // Only a tail can be lost, and only what was answered before can come again beside what is pending.
      const firstLost = this.moved ? Infinity : Math.min(...lost.map(orderOf))
      for (const key of back) if (this.pending[name].has(key)) assert.ok(orderOf(key) < firstLost)
      this.pending[name] = back
    }
    this.moved = false
  }

  /** Moved away first, because a write that is under way would refill the directory while it is being emptied. */
  unlink(): void {
    if (!existsSync(this.dir)) return
    this.moved = true
    renameSync(this.dir, `${this.dir}.gone`)
    rmSync(`${this.dir}.gone`, { recursive: true })
  }

  async run(next: Step): Promise<void> {
    const batch = 'pick' in next ? this.batches[next.pick] : undefined
    if (next.do === 'append') this.append(next.stream, next.size)
    else if (next.do === 'take') await this.take()
    else if (next.do === 'flush') await this.outbox.flush()
    else if (next.do === 'die') await this.die(next.torn, next.stream)
    else if (next.do === 'unlink') this.unlink()
    else if (batch && next.do === 'settle')
      this.settle(
        batch,
        batch.records.map((_, index) => next.outcomes[index % 12] ?? ''),
      )
    else if (batch) {
      this.batches = this.batches.filter((other) => other !== batch)
      if (next.do === 'release') this.outbox.release(batch)
      else {
        this.outbox.refuseWhole(batch, { code: 'BAD_QUERY', message: 'no' })
        const [only] = batch.records
        if (batch.records.length === 1 && only) this.pending[batch.stream].delete(`${only.run} ${only.seq}`)
      }
    }
  }

  async end(): Promise<void> {
    await this.outbox.close()
    rmSync(this.dir, { recursive: true, force: true })
  }
}

test(
  'what is not answered comes again as it was, in order, over any deaths; only a torn tail can be lost',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const world = new World()
        await world.open()
        try {
          for (const next of steps) await world.run(next)
          await world.outbox.flush()
          await world.die(0, 'samples')
          for (let batch = await world.take(); batch; batch = await world.take())
            world.settle(
              batch,
              batch.records.map(() => 'STORED'),
            )
          expect(world.pending.samples.size + world.pending.events.size).toBe(0)
          await world.die(0, 'events')
          expect(await world.outbox.take()).toBeNull()
        } finally {
          await world.end()
        }
      }),
      { numRuns: 60 },
    )
  },
)
