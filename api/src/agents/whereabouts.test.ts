import type { Order } from '@sindri/schema'
import { describe, expect, test } from 'vitest'
import { createBus } from '../platform/bus.ts'
import { createFakeClock } from '../platform/clock.fake.ts'
import { createMemoryEngine } from '../platform/engines/memory.ts'
import { topics } from '../platform/topics.ts'
import { createWhereabouts } from './whereabouts.ts'

const instance = 'ins_1'
const id = { terminalId: 'trm_1', attachmentId: 'att_1' }
const detach: Order = { kind: 'terminalDetach', ...id }
const attach: Order = { kind: 'terminalAttach', ...id, from: 0, cols: 80, rows: 24 }

/** The agent is linked to another replica; the database answers when the test says so. */
const openElsewhere = async () => {
  const bus = createBus({ engine: createMemoryEngine(), onError: (error) => expect.fail(String(error)) })
  const questions: PromiseWithResolvers<unknown>[] = []
  const query = <Row>(): Promise<Row[]> => {
    const question = Promise.withResolvers<unknown>()
    questions.push(question)
    return question.promise as Promise<Row[]>
  }
  const db = { query }
  const clock = createFakeClock()
  const { order } = createWhereabouts({
    db,
    bus,
    clock,
    replica: 'rep_1',
    ofInstance: () => undefined,
  })
  const orders = await bus.subscribe(topics.order, 'rep_2')
  return { questions, order, orders, clock }
}

test('a page that leaves and looks again is not forgotten because the second answer of the database came first', async () => {
  const { questions, order, orders } = await openElsewhere()
  const given = [order(instance, detach), order(instance, attach)]
  for (const question of questions.toReversed()) {
    question.resolve([{ epoch: 1, run: null, replica: 'rep_2' }])
    await new Promise(setImmediate)
  }
  expect([await given[0], await given[1]]).toEqual([true, true])
  expect([(await orders.next()).value, (await orders.next()).value]).toEqual(
    [detach, attach].map((each) => ({ instanceId: instance, order: each })),
  )
})

test('a question that failed is asked again with the next order', async () => {
  const { questions, order } = await openElsewhere()
  const failed = order(instance, detach)
  questions[0]?.reject(new Error('away'))
  await expect(failed).rejects.toThrow('away')
  const given = order(instance, attach)
  questions[1]?.resolve([{ epoch: 1, run: null, replica: 'rep_2' }])
  expect(await given).toBe(true)
})

describe('a database that is away', () => {
  /** The agent was found, and what is known of it is too old to be taken for granted. */
  const known = async () => {
    const all = await openElsewhere()
    const first = all.order(instance, detach)
    all.questions[0]?.resolve([{ epoch: 1, run: null, replica: 'rep_2' }])
    expect(await first).toBe(true)
    await all.clock.advance(1_000)
    return all
  }

  test('does not cut a terminal between replicas: what was known holds, and is asked again every 5 s', async () => {
    const { questions, order, orders, clock } = await known()
    const given = order(instance, attach)
    questions[1]?.reject(new Error('away'))
    expect(await given).toBe(true)
    expect([(await orders.next()).value, (await orders.next()).value]).toEqual(
      [detach, attach].map((each) => ({ instanceId: instance, order: each })),
    )
    await clock.advance(4_999)
    expect(order(instance, attach)).toBe(true)
    expect(questions).toHaveLength(2)
    await clock.advance(1)
    const back = order(instance, attach)
    questions[2]?.resolve([])
    expect(await back).toBe(false)
  })

  test('or does not answer, is waited for no longer than half a second, and only by the first', async () => {
    const { questions, order, clock } = await known()
    const given = order(instance, attach)
    await clock.advance(500)
    expect(await given).toBe(true)
    expect(order(instance, attach)).toBe(true)
    expect(questions).toHaveLength(2)
    // Its answer counts all the same when it comes.
    questions[1]?.resolve([])
    await new Promise(setImmediate)
    expect(order(instance, attach)).toBe(false)
  })

  test('is taken for what it last said for five minutes', async () => {
    const { questions, order, clock } = await known()
    await clock.advance(5 * 60_000)
    const given = order(instance, attach)
    questions[1]?.reject(new Error('away'))
    await expect(given).rejects.toThrow('away')
  })
})
