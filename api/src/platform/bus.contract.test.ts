import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backend, openTestBus, testRedisUrl } from '../testing/backend.ts'
import type { TestBus } from '../testing/backend.ts'
import { openProxy } from '../testing/proxy.ts'
import { gap } from './bus.ts'
import type { Bus, Gap, Subscription } from './bus.ts'
import { createFakeClock } from './clock.fake.ts'
import { systemClock } from './clock.ts'
import { openBus } from './openBus.ts'
import type { Policy } from './queue.ts'
import type { Topic } from './topics.ts'

const errors: Error[] = []
/** One replica publishes, the other listens; embedded there is only one. */
let near: TestBus
let far: Bus
beforeAll(async () => {
  near = await openTestBus({ onError: (error) => errors.push(error) })
  far = (await near.another?.()) ?? near
})
afterAll(() => near.close())

const makeTopic = (name: string, policy: Policy = { kind: 'close', max: 10_000 }): Topic<number> => ({
  name,
  lane: 'notices',
  policy,
  encode: String,
  decode: (text) => {
    if (!/^\d+$/.test(text)) throw new Error(`not a number: ${text}`)
    return Number(text)
  },
})
let keys = 0
const newKey = () => `key${(keys += 1)}`

const take = async <T>(subscription: Subscription<T>, count: number): Promise<(T | Gap)[]> => {
  const items: (T | Gap)[] = []
  while (items.length < count) {
    const item = await subscription.next()
    if (item.done) break
    items.push(item.value)
  }
  return items
}
const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, i) => from + i)

/** Resolves once all that `from` published before has reached the subscribers of its peer: it travels behind them. */
const settled = async (from: Bus, to: Bus): Promise<void> => {
  const topic = makeTopic('settled')
  const key = newKey()
  const subscription = await to.subscribe(topic, key)
  from.publish(topic, key, 1)
  await subscription.next()
  await subscription.return()
}

describe('the bus', () => {
  const topic = makeTopic('numbers')

  it('delivers the values of a key in the order in which they were published', async () => {
    const key = newKey()
    const here = await near.subscribe(topic, key)
    const there = await far.subscribe(topic, key)
    for (const value of upTo(2_000)) near.publish(topic, key, value)
    expect(await take(here, 2_000)).toEqual(upTo(2_000))
    expect(await take(there, 2_000)).toEqual(upTo(2_000))
    await here.return()
    await there.return()
  })

  it('has a subscription ready when subscribe resolves: the very next publish is seen', async () => {
    for (let round = 0; round < 50; round += 1) {
      const key = newKey()
      const subscription = await far.subscribe(topic, key)
      near.publish(topic, key, round)
      expect(await take(subscription, 1)).toEqual([round])
      await subscription.return()
    }
  })

  it('delivers what a replica publishes to its own readers once, and without waiting for anybody', async () => {
    const key = newKey()
    const subscription = await near.subscribe(topic, key)
    near.publish(topic, key, 1)
    near.publish(topic, key, 2)
    expect(
      await Promise.race([take(subscription, 2), new Promise((resolve) => setImmediate(resolve, 'late'))]),
    ).toEqual([1, 2])
    // Had Redis brought its copy back, it would come before what the other replica says now.
    await settled(near, far)
    far.publish(topic, key, 3)
    expect(await take(subscription, 1)).toEqual([3])
    await subscription.return()
  })

  it('says whether anybody may hear: a reader here, or another replica within reach', async () => {
    const key = newKey()
    const others = backend === 'services'
    expect(near.publish(topic, key, 1)).toBe(others)
    const subscription = await near.subscribe(topic, key)
    expect(near.publish(topic, key, 2)).toBe(true)
    await subscription.return()
    expect(near.publish(topic, key, 3)).toBe(others)
  })

  it('keeps topics and keys apart', async () => {
    const key = newKey()
    const subscription = await far.subscribe(topic, key)
    near.publish(topic, `${key}x`, 1)
    near.publish(makeTopic('others'), key, 2)
    near.publish(topic, key, 3)
    expect(await take(subscription, 1)).toEqual([3])
    await subscription.return()
  })

  it('delivers nothing after return, not even what had arrived', async () => {
    const key = newKey()
    const subscription = await far.subscribe(topic, key)
    const witness = await far.subscribe(topic, key)
    near.publish(topic, key, 1)
    near.publish(topic, key, 2)
    expect(await take(witness, 2)).toEqual([1, 2])
    await subscription.return()
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
    near.publish(topic, key, 3)
    await take(witness, 1)
    expect(await subscription.next()).toEqual({ done: true, value: undefined })
    await witness.return()
  })

  it('wakes a reader that waits when it is returned', async () => {
    const subscription = await far.subscribe(topic, newKey())
    const waiting = subscription.next()
    await subscription.return()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it("keeps one reader's trouble from another: a throw in its loop, and a message that nobody can read", async () => {
    const key = newKey()
    const careless = await far.subscribe(topic, key)
    const careful = await far.subscribe(topic, key)
    const loop = (async () => {
      for await (const value of careless) throw new Error(`cannot take ${String(value)}`)
    })()
    near.publish(topic, key, 1)
    await expect(loop).rejects.toThrow('cannot take 1')
    near.publish({ ...topic, encode: () => 'rubbish' }, key, 2)
    near.publish(topic, key, 3)
    const items = new Set(await take(careful, 3))
    // What could not be read shows as a gap, and may come before the value that was already waiting.
    expect(items).toEqual(new Set([1, gap, 3]))
    expect(errors.some((error) => error.message.includes('rubbish')) || backend === 'services').toBe(true)
    await careful.return()
  })

  it('refuses to carry more than 68 KiB in one message', () => {
    expect(() => near.publish({ ...topic, encode: () => 'x'.repeat(70_000) }, newKey(), 1)).toThrow(
      'numbers: expected a message of at most 69632 bytes, got 70000.',
    )
  })

  it('unsubscribes upstream when the last reader leaves, and subscribes again for the next', async () => {
    const before = far.stats().channels
    const key = newKey()
    const [first, second] = [await far.subscribe(topic, key), await far.subscribe(topic, key)]
    const upstream = async (): Promise<number> => {
      if (backend === 'embedded') return far.stats().channels - before
      const redis = new Redis(testRedisUrl)
      const [, count] = (await redis.pubsub('NUMSUB', `${near.prefix}numbers/${key}`)) as [string, number]
      redis.disconnect()
      return count
    }
    expect(await upstream()).toBe(1)
    await first.return()
    expect(await upstream()).toBe(1)
    await second.return()
    await expect.poll(upstream).toBe(0)
    expect(far.stats().channels).toBe(before)

    const third = await far.subscribe(topic, key)
    near.publish(topic, key, 7)
    expect(await take(third, 1)).toEqual([7])
    await third.return()
  })

  it('serves one reader with the values of several keys, until it leaves them all', async () => {
    const before = far.stats().channels
    const [one, two] = [newKey(), newKey()]
    const both = await far.subscribe(topic, [one, two, one])
    near.publish(topic, one, 1)
    near.publish(topic, two, 2)
    near.publish(topic, one, 3)
    expect(await take(both, 3)).toEqual([1, 2, 3])
    expect(far.stats().channels).toBe(before + 2)
    await both.return()
    expect(far.stats().channels).toBe(before)
    near.publish(topic, two, 4)
    await settled(near, far)
    expect(await both.next()).toEqual({ done: true, value: undefined })
  })

  it('hands a plain value to readers here as it is, and to those elsewhere the same', async () => {
    const plain = { ...topic, name: 'plain', plain: true, encode: JSON.stringify, decode: JSON.parse } as Topic<object>
    const key = newKey()
    const [here, there] = [await near.subscribe(plain, key), await far.subscribe(plain, key)]
    const value = { a: [1, { b: 'c' }] }
    near.publish(plain, key, value)
    expect((await here.next()).value).toBe(value)
    expect((await there.next()).value).toEqual(value)
    await here.return()
    await there.return()
  })

  it('tells of a plain value that is too large for others, and goes on with the next', async () => {
    const plain = { ...topic, name: 'plain', plain: true, encode: JSON.stringify, decode: JSON.parse } as Topic<string>
    const key = newKey()
    const [here, there] = [await near.subscribe(plain, key), await far.subscribe(plain, key)]
    const large = 'x'.repeat(70_000)
    near.publish(plain, key, large)
    near.publish(plain, key, 'small')
    expect(await take(here, 2)).toEqual([large, 'small'])
    expect(await take(there, 1)).toEqual([near === far ? large : 'small'])
    const causes = errors.map(({ cause }) => (cause instanceof Error ? cause.message : ''))
    expect(causes.some((cause) => cause.startsWith('plain: expected a message of at most'))).toBe(near !== far)
    await here.return()
    await there.return()
  })

  it('survives readers that come and go on one key at once', async () => {
    const key = newKey()
    await Promise.all(
      upTo(30).map(async () => {
        const subscription = await far.subscribe(topic, key)
        await subscription.return()
      }),
    )
    const last = await far.subscribe(topic, key)
    near.publish(topic, key, 9)
    expect(await take(last, 1)).toEqual([9])
    await last.return()
  })
})

describe('a slow reader', () => {
  const flood = async (policy: Policy, name: string) => {
    const topic = makeTopic(name, policy)
    const key = newKey()
    const slow = await far.subscribe(topic, key)
    const quick = await far.subscribe(makeTopic(name, { kind: 'close', max: 10_000 }), key)
    for (const value of upTo(500)) near.publish(topic, key, value)
    await settled(near, far)
    await quick.return()
    return slow
  }

  it('is closed with SLOW_CONSUMER behind what fits its queue, where its topic says so', async () => {
    const slow = await flood({ kind: 'close', max: 5 }, 'closing')
    expect(await take(slow, 5)).toEqual(upTo(5))
    await expect(slow.next()).rejects.toMatchObject({ code: 'SLOW_CONSUMER' })
    expect(await slow.next()).toEqual({ done: true, value: undefined })
  })

  it('loses the oldest, counted and behind a gap, where its topic says so', async () => {
    const before = far.stats().dropped
    const slow = await flood({ kind: 'dropOldest', max: 5 }, 'dropping')
    expect(await take(slow, 6)).toEqual([gap, ...upTo(5, 496)])
    expect(far.stats().dropped - before).toBe(495)
    await slow.return()
  })

  it('keeps the latest alone, where its topic says so', async () => {
    const slow = await flood({ kind: 'keepLatest' }, 'latest')
    expect(await take(slow, 1)).toEqual([500])
    await slow.return()
  })
})

// Left out rather than skipped: the embedded lane has no Redis to interrupt, and a skipped test counts against a run.
describe.each(backend === 'services' ? ['Redis'] : [])('when %s is interrupted', () => {
  const topic = makeTopic('interrupted')

  /** Ends the connections on which buses of this file listen, as Redis does with a slow subscriber. */
  const killSubscribers = async (): Promise<number> => {
    const redis = new Redis(testRedisUrl)
    let killed = 0
    for (const line of ((await redis.client('LIST')) as string).split('\n')) {
      const id = /^id=(\d+)/.exec(line)?.[1]
      if (id && line.includes(` name=${near.prefix} `) && / sub=[1-9]/.test(line))
        killed += Number(await redis.client('KILL', 'ID', id))
    }
    redis.disconnect()
    return killed
  }

  it('every reader gets a gap, and everything that is published behind it', async () => {
    const names = upTo(5).map(newKey)
    const readers = await Promise.all(names.map((key) => far.subscribe(topic, key)))
    for (const key of names) near.publish(topic, key, 1)
    for (const reader of readers) expect(await take(reader, 1)).toEqual([1])

    expect(await killSubscribers()).toBeGreaterThan(0)
    for (const reader of readers) expect(await take(reader, 1)).toEqual([gap])
    for (const key of names) near.publish(topic, key, 2)
    for (const reader of readers) expect(await take(reader, 1)).toEqual([2])
    for (const reader of readers) await reader.return()
  })

  it('again and again, what a reader got and its gaps still account for everything', async () => {
    const key = newKey()
    const reader = await far.subscribe(topic, key)
    for (let round = 1; round <= 5; round += 1) {
      await killSubscribers()
      expect(await take(reader, 1)).toEqual([gap])
      near.publish(topic, key, round)
      expect(await take(reader, 1)).toEqual([round])
    }
    await reader.return()
  })

  it('and stays away, this replica still hears itself, takes new readers, and tells all of them when it is back', async () => {
    const proxy = await openProxy(testRedisUrl)
    const told: string[] = []
    const bus = await openBus(proxy.url, {
      prefix: near.prefix,
      clock: systemClock,
      onError: (error) => told.push(error.message),
    })
    const key = newKey()
    const old = await bus.subscribe(topic, key)
    expect(bus.stats().connected).toBe(true)

    await proxy.cut()
    await expect.poll(() => bus.stats().connected).toBe(false)
    await expect(bus.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    const fresh = await bus.subscribe(topic, key)
    const other = await bus.subscribe(topic, `${key}/other`)
    bus.publish(topic, key, 1)
    expect(await take(old, 1)).toEqual([1])
    expect(await take(fresh, 1)).toEqual([1])
    near.publish(topic, key, 2)
    await settled(near, far)

    const elsewhere = await far.subscribe(topic, key)
    await proxy.mend()
    // They heard nothing of 1.
    expect(await take(elsewhere, 1)).toEqual([gap])
    await elsewhere.return()
    expect(await take(old, 1)).toEqual([gap])
    expect(await take(fresh, 1)).toEqual([gap])
    expect(await take(other, 1)).toEqual([gap])
    near.publish(topic, key, 3)
    expect(await take(old, 1)).toEqual([3])
    expect(await take(fresh, 1)).toEqual([3])
    // One line for each connection that was lost, not one for each attempt to get it back.
    expect(told.filter((message) => message.includes('expected a connection')).length).toBeLessThanOrEqual(4)
    await bus.close()
    await proxy.close()
  })

  it('by standing still, a new reader does not wait for it, hears this replica, and gets a gap when it goes on', async () => {
    const proxy = await openProxy(testRedisUrl)
    const clock = createFakeClock()
    const bus = await openBus(proxy.url, { prefix: near.prefix, clock, onError: () => {} })
    const key = newKey()
    proxy.stall()
    const opening = bus.subscribe(topic, key)
    await clock.advance(1_000)
    const reader = await opening
    bus.publish(topic, key, 1)
    expect(await take(reader, 1)).toEqual([1])
    near.publish(topic, key, 2)
    await settled(near, far)
    proxy.resume()
    expect(await take(reader, 1)).toEqual([gap])
    near.publish(topic, key, 3)
    expect(await take(reader, 1)).toEqual([3])
    await bus.close()
    await proxy.close()
  })

  it('from the start, the bus opens all the same', async () => {
    const clock = createFakeClock()
    const opening = openBus('redis://127.0.0.1:1', { prefix: near.prefix, clock, onError: () => {} })
    await clock.advance(3_000)
    const bus = await opening
    const reader = await bus.subscribe(topic, 'alone')
    bus.publish(topic, 'alone', 1)
    expect(await take(reader, 1)).toEqual([1])
    await bus.close()
  })
})

describe.each(backend === 'services' ? ['Redis'] : [])('on %s, a replica that is alone', () => {
  const topic = makeTopic('alone')

  it('sends nothing and says that nobody hears, until another one has come', async () => {
    const bus = await openTestBus()
    const key = newKey()
    const redis = new Redis(testRedisUrl)
    const sent: string[] = []
    redis.on('message', (_, text: string) => void sent.push(text.split(' ')[1] as string))
    await redis.subscribe(`${bus.prefix}alone/${key}`)
    await expect.poll(() => bus.publish(topic, key, 0), { timeout: 3_000 }).toBe(false)
    bus.publish(topic, key, 1)
    const other = (await bus.another?.()) as Bus
    const reader = await other.subscribe(topic, key)
    expect(bus.publish(topic, key, 2)).toBe(true)
    expect(await take(reader, 1)).toEqual([2])
    await expect.poll(() => sent.at(-1)).toBe('2')
    expect(sent).not.toContain('1')
    redis.disconnect()
    await bus.close()
  })
})

it('ends every subscription when it closes, and takes no new one', async () => {
  const bus = await openTestBus()
  const topic = makeTopic('closing down')
  const waiting = (await bus.subscribe(topic, 'a')).next()
  const full = await bus.subscribe(topic, 'b')
  bus.publish(topic, 'b', 1)
  await bus.close()
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(await take(full, 2)).toEqual([1])
  await expect(bus.subscribe(topic, 'a')).rejects.toMatchObject({ code: 'RESTARTING' })
  bus.publish(topic, 'a', 1)
})
