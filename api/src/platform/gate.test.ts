import { expect, test } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { createGate } from './gate.ts'

test('runs so many at once, and the others in their order as places get free, whether the work succeeds or not', async () => {
  const gate = createGate({ atOnce: 2, clock: createFakeClock() })
  const begun: number[] = []
  const works = [0, 1, 2, 3].map(() => Promise.withResolvers<number>())
  const passes = works.map(({ promise }, index) =>
    gate.pass(() => {
      begun.push(index)
      return promise
    }),
  )
  expect(begun).toEqual([0, 1])
  works[1]?.reject(new Error('no'))
  await expect(passes[1]).rejects.toThrow('no')
  await expect.poll(() => begun).toEqual([0, 1, 2])
  works[0]?.resolve(10)
  expect(await passes[0]).toBe(10)
  await expect.poll(() => begun).toEqual([0, 1, 2, 3])
  for (const index of [2, 3]) works[index]?.resolve(index)
  expect(await Promise.all([passes[2], passes[3]])).toEqual([2, 3])
})

test('says for how long one more makes the next wait, as it went lately', async () => {
  const clock = createFakeClock()
  const gate = createGate({ atOnce: 4, clock })
  expect(gate.eachMs()).toBe(0)
  for (let times = 0; times < 100; times += 1) await gate.pass(() => clock.advance(200))
  expect(gate.eachMs()).toBeCloseTo(50, 0)
  for (let times = 0; times < 100; times += 1) await gate.pass(() => clock.advance(8))
  expect(gate.eachMs()).toBeCloseTo(2, 0)
})
