import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBus } from './bus.ts'
import type { Bus, BusEngine } from './bus.ts'
import { createFakeClock } from './clock.fake.ts'
import { createMemoryEngine } from './engines/memory.ts'
import { tail } from './tail.ts'
import type { Tail } from './tail.ts'
import type { Topic } from './topics.ts'

interface Row {
  id: number
}
const topic: Topic<Row> = {
  name: 'rows',
  lane: 'notices',
  policy: { kind: 'dropOldest', max: 5 },
  encode: JSON.stringify,
  decode: (text) => JSON.parse(text) as Row,
}

/** A table and the bus beside it; the engine's interruptions are made by hand. */
const makeWorld = () => {
  const clock = createFakeClock()
  const gaps = new Set<() => void>()
  const engine: BusEngine = {
    ...createMemoryEngine(),
    async listen(_lane, _channel, _onText, onGap) {
      gaps.add(onGap)
      return { end: () => void gaps.delete(onGap) }
    },
  }
  const bus: Bus = createBus({ engine, onError: () => {} })
  const rows: Row[] = []
  let broken: Error | undefined
  let reads = 0
  const open = (overlap = 3, pageSize?: number): Promise<Tail<Row>> =>
    tail<Row>({
      subscribe: () => bus.subscribe(topic, 'all'),
      async read(since) {
        reads += 1
        await Promise.resolve()
        if (broken) throw broken
        return rows
          .filter(({ id }) => since === null || id > since.id - overlap)
          .sort((a, b) => a.id - b.id)
          .slice(0, pageSize)
      },
      ...(pageSize && { pageSize }),
      keyOf: ({ id }) => String(id),
      clock,
    })
  return {
    clock,
    bus,
    rows,
    open,
    gaps,
    interrupt: () => gaps.forEach((gap) => gap()),
    fail: (error?: Error) => (broken = error),
    reads: () => reads,
    store: (id: number) => void rows.push({ id }),
    tell: (id: number) => bus.publish(topic, 'all', { id }),
  }
}
const take = async (items: Tail<Row>, count: number): Promise<number[]> => {
  const ids: number[] = []
  while (ids.length < count) {
    const item = await items.next()
    if (item.done) break
    ids.push(item.value.id)
  }
  return ids
}

describe('a tail', () => {
  it('hands out what is stored, then what came meanwhile, each once', async () => {
    const world = makeWorld()
    world.store(1)
    world.store(2)
    const items = await world.open()
    world.store(3)
    world.tell(3)
    world.tell(4)
    expect(await take(items, 4)).toEqual([1, 2, 3, 4])
    await items.return()
  })

  it('listens as soon as it is open, before anybody reads from it', async () => {
    const world = makeWorld()
    const items = await world.open()
    world.tell(7)
    expect(await take(items, 1)).toEqual([7])
    await items.return()
  })

  it('reads again on a gap and drops what it has handed out', async () => {
    const world = makeWorld()
    const items = await world.open()
    world.store(1)
    world.tell(1)
    expect(await take(items, 1)).toEqual([1])
    world.store(2)
    world.store(3)
    world.interrupt()
    world.store(4)
    world.tell(4)
    expect((await take(items, 3)).sort((a, b) => a - b)).toEqual([2, 3, 4])
    await items.return()
  })

  it('finds a row whose notice was lost without a trace within 30 s, even when later ones came through', async () => {
    const world = makeWorld()
    world.store(1)
    const items = await world.open(0)
    expect(await take(items, 1)).toEqual([1])
    world.store(2)
    world.store(99)
    world.tell(99)
    expect(await take(items, 1)).toEqual([99])
    const late = take(items, 1)
    await world.clock.advance(29_999)
    expect(world.reads()).toBe(1)
    await world.clock.advance(1)
    expect(await late).toEqual([2])
    await items.return()
  })

  it('finds a row that became visible behind later ones, as far as the overlap reaches', async () => {
    const world = makeWorld()
    world.store(1)
    world.store(5)
    const items = await world.open(3)
    expect(await take(items, 2)).toEqual([1, 5])
    world.store(3)
    world.interrupt()
    expect(await take(items, 1)).toEqual([3])
    await items.return()
  })

  it('asks for page after page while there is news', async () => {
    const world = makeWorld()
    for (let id = 1; id <= 25; id += 1) world.store(id)
    const items = await world.open(3, 10)
    expect(await take(items, 25)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1))
    await items.return()
  })

  it('keeps in mind what the next read may bring again, and forgets the rest after two of them', async () => {
    const world = makeWorld()
    const items = await world.open(1)
    const got: number[] = []
    const reader = (async () => {
      for await (const { id } of items) got.push(id)
    })()
    const later = async () => {
      await world.clock.advance(30_000)
      await world.clock.advance(0)
    }
    await world.clock.advance(0)
    for (const id of [1, 2]) {
      world.store(id)
      world.tell(id)
    }
    await later()
    world.tell(1)
    await world.clock.advance(0)
    expect(got).toEqual([1, 2])
    // The reads bring 2 again and again, and 1 no more.
    for (let i = 0; i < 3; i += 1) await later()
    expect(got).toEqual([1, 2])
    world.tell(1)
    await world.clock.advance(0)
    expect(got).toEqual([1, 2, 1])
    await items.return()
    await reader
  })

  it('ends at once when it is returned, though nothing comes', async () => {
    const world = makeWorld()
    const items = await world.open()
    const waiting = items.next()
    await new Promise((resolve) => setImmediate(resolve))
    await items.return()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await items.next()).toEqual({ done: true, value: undefined })
    expect(world.bus.stats().readers).toBe(0)
    expect(world.clock.timerCount()).toBe(0)
  })

  it('fails with its first read, and leaves nothing open', async () => {
    const world = makeWorld()
    world.fail(new Error('no database'))
    const items = await world.open()
    await expect(items.next()).rejects.toThrow('no database')
    expect(world.bus.stats().readers).toBe(0)
    expect(world.clock.timerCount()).toBe(0)
  })

  it('outlives a later read that fails: the next one makes up for it', async () => {
    const world = makeWorld()
    const items = await world.open()
    const coming = take(items, 1)
    await world.clock.advance(0)
    world.fail(new Error('restarting'))
    world.store(1)
    world.interrupt()
    await world.clock.advance(1_000)
    world.fail(undefined)
    await world.clock.advance(30_000)
    expect(await coming).toEqual([1])
    await items.return()
  })

  it('ends with the bus', async () => {
    const world = makeWorld()
    const items = await world.open()
    const waiting = items.next()
    await world.bus.close()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })
})

it('whatever is stored is handed out exactly once, however notices are lost, repeated, late or interrupted', async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('store' as const),
        told: fc.constantFrom(0, 1, 1, 2),
        floods: fc.nat(8),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'gap' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'wait' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'outage' as const }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'take' as const }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(3), async (steps, before) => {
      const world = makeWorld()
      let id = 0
      for (let i = 0; i < before; i += 1) world.store((id += 1))
      const items = await world.open(3)
      const got: number[] = []
      let hungry = Promise.withResolvers<void>()
      const reader = (async () => {
        for (;;) {
          const item = await items.next()
          if (item.done) return
          got.push(item.value.id)
          // Sometimes it is slow: the bus then drops for it.
          if (got.length % 3 === 0) await Promise.race([hungry.promise, world.clock.advance(0)])
        }
      })()
      // Past the first read: that one may fail.
      await world.clock.advance(0)
      for (const action of steps) {
        if (action.kind === 'store') {
          for (let i = 0; i <= action.floods; i += 1) {
            world.store((id += 1))
            for (let told = 0; told < action.told; told += 1) world.tell(id)
          }
        } else if (action.kind === 'gap') world.interrupt()
        else if (action.kind === 'wait') await world.clock.advance(10_000)
        else if (action.kind === 'outage') {
          world.fail(new Error('away'))
          await world.clock.advance(35_000)
          world.fail(undefined)
        } else {
          hungry.resolve()
          hungry = Promise.withResolvers()
          await world.clock.advance(0)
        }
      }
      hungry.resolve()
      await world.clock.advance(31_000)
      await world.clock.advance(31_000)
      await items.return()
      await reader
      expect(got.toSorted((a, b) => a - b)).toEqual(Array.from({ length: id }, (_, i) => i + 1))
    }),
    { numRuns: 150 },
  )
})
