import type { AgentViewer, LiveSample } from '@sindri/schema'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { topics } from '../platform/topics.ts'
import { makeAgent, openMetrics, viewer, type TestMetrics } from '../testing/metrics.ts'
import { createWatch } from './watch.ts'

let t: TestMetrics
let agent: AgentViewer
let other: AgentViewer
beforeAll(async () => {
  t = await openMetrics()
})
afterAll(() => t.close())
beforeEach(async () => {
  agent = await makeAgent(t.db)
  other = await makeAgent(t.db)
  t.orders.length = 0
})

const watch = async (...ids: string[]) =>
  (await t.metrics.watch(viewer, ids)) as AsyncIterableIterator<LiveSample, undefined, undefined>
const end = async (...watching: AsyncIterator<LiveSample>[]) => {
  for (const each of watching) await each.return?.()
}

describe('watching', () => {
  it('shows the samples of all that were asked for, and of nobody else', async () => {
    const third = await makeAgent(t.db)
    const both = await watch(agent.id, other.id, agent.id)
    await t.metrics.publish(third, [t.sample(1)])
    await t.metrics.publish(agent, [t.sample(1)])
    const first = await both.next()
    await t.metrics.publishLive(other, { at: t.sample(1).at })
    const second = await both.next()
    expect([first.value, second.value]).toMatchObject([
      { instanceId: agent.id, stored: true },
      { instanceId: other.id, stored: false },
    ])
    await end(both)
    expect(t.orders).toEqual([])
  })

  it('shows a sample as it is on the way to other replicas', async () => {
    const samples = await watch(agent.id)
    await t.metrics.publish(agent, [t.sample(1)])
    const { value } = await samples.next()
    const { encode, decode } = topics.metricSampled
    expect(value).toEqual(decode(encode(value as LiveSample)))
    await end(samples)
  })

  it('one instance asks its agent to sample faster, again and again until nobody looks, however many do', async () => {
    const first = await watch(agent.id)
    const second = await watch(agent.id)
    const until = () => new Date(t.clock.now() + 30_000).toISOString()
    expect(t.orders).toEqual([{ instanceId: agent.id, order: { kind: 'sampleFaster', everyMs: 2000, until: until() } }])
    await t.clock.advance(15_000)
    expect(t.orders).toHaveLength(2)
    expect(t.orders[1]?.order).toEqual({ kind: 'sampleFaster', everyMs: 2000, until: until() })
    await end(first)
    await t.clock.advance(15_000)
    expect(t.orders).toHaveLength(3)
    await end(second)
    await t.clock.advance(60_000)
    expect(t.orders).toHaveLength(3)
  })

  it('of an instance whose agent cannot be found just now ends neither the view nor the console', async () => {
    const lost: unknown[] = []
    const note = (reason: unknown) => lost.push(reason)
    process.on('unhandledRejection', note)
    const order = () => Promise.reject(new Error('the database is away'))
    const samples = await createWatch({ ...t, order })([agent.id])
    await t.clock.advance(15_000)
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(lost).toEqual([])
    await (samples as AsyncIterableIterator<LiveSample>).return?.()
  })

  it('ends its own part only', async () => {
    const before = t.bus.stats().readers
    const [first, second] = [await watch(agent.id, other.id), await watch(agent.id)]
    await end(first)
    await t.metrics.publish(agent, [t.sample(1)])
    expect((await second.next()).value).toMatchObject({ instanceId: agent.id })
    expect(await first.next()).toEqual({ done: true, value: undefined })
    await end(second)
    expect(t.bus.stats().readers).toBe(before)
  })

  it('gives up the oldest samples of a reader that does not read, and no memory', async () => {
    const slow = await watch(agent.id)
    const total = 2_000
    for (let i = 1; i <= total; i++) {
      t.bus.publish(topics.metricSampled, agent.id, {
        instanceId: agent.id,
        stored: false,
        sample: { at: new Date(i) } as never,
      })
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    const seen: number[] = []
    for (let at = 0; at < total;) {
      at = ((await slow.next()).value as LiveSample).sample.at.getTime()
      seen.push(at)
    }
    expect(seen.length).toBeLessThanOrEqual(601)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    await end(slow)
  })

  it("refuses ids that are none, too many or nobody's, and forgives one that is gone", async () => {
    await expect(watch()).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(watch(...Array.from({ length: 201 }, (_, i) => `ins_${i}`))).rejects.toMatchObject({
      code: 'BAD_INPUT',
    })
    await expect(watch('ins_\0', 'nonsense')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await t.db.query('update instances set deleted_at = now() where num = $1', [other.num])
    await expect(watch(other.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const left = await watch(agent.id, other.id)
    await t.metrics.publish(agent, [t.sample(1)])
    expect((await left.next()).value).toMatchObject({ instanceId: agent.id })
    await end(left)
  })
})
