import { expect, it } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import type { Health } from '@sindri/schema'
import type { Readiness } from '../platform/readiness.ts'
import { createHealthWatch } from './healthWatch.ts'

const ready: Readiness = {
  state: 'ready',
  parts: { database: { state: 'up', tookMs: 1 }, bus: { state: 'up', tookMs: 1 }, migrations: { state: 'up' } },
}
const degraded: Readiness = {
  state: 'degraded',
  parts: { ...ready.parts, bus: { state: 'down', reason: 'no answer' } },
}

const open = () => {
  const clock = createFakeClock()
  const test = { clock, answer: ready, asked: 0 }
  const watch = createHealthWatch(async () => {
    test.asked += 1
    return test.answer
  }, clock)
  return Object.assign(test, { watch })
}
const stateOf = async (reader: AsyncIterator<Health, undefined, undefined>) => (await reader.next()).value?.state

it('tells how it is, then only what is another', async () => {
  const test = open()
  const reader = test.watch.changes()
  expect(await stateOf(reader)).toBe('READY')
  const next = stateOf(reader)
  test.answer = { ...ready, parts: { ...ready.parts, bus: { state: 'up', tookMs: 90 } } }
  await test.clock.advance(5_000)
  test.answer = degraded
  await test.clock.advance(5_000)
  expect(await next).toBe('DEGRADED')
  await reader.return?.()
})

it('asks once for all who watch, at most one question at a time, and not at all for nobody', async () => {
  const test = open()
  const readers = [test.watch.changes(), test.watch.changes()]
  expect(await Promise.all(readers.map(stateOf))).toEqual(['READY', 'READY'])
  const late = test.watch.changes()
  expect(await stateOf(late)).toBe('READY')
  expect(test.asked).toBe(1)
  await test.clock.advance(5_000)
  expect(test.asked).toBe(2)
  for (const reader of [...readers, late]) await reader.return?.()
  expect(test.clock.timerCount()).toBe(0)
  // Whoever comes then is not told what was true before.
  test.answer = degraded
  const fresh = test.watch.changes()
  expect(await stateOf(fresh)).toBe('DEGRADED')
  await fresh.return?.()
})
