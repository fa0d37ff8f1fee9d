import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createBackoff } from './backoff.ts'

it('spreads each delay over the whole span below a ceiling that doubles up to its maximum', () => {
  const latest = createBackoff({ firstMs: 500, maxMs: 4000, random: () => 0.999_999 })
  expect([1, 2, 3, 4, 5].map(() => latest.next())).toEqual([500, 1000, 2000, 4000, 4000])
  const soonest = createBackoff({ firstMs: 500, maxMs: 4000, random: () => 0 })
  expect([1, 2, 3].map(() => soonest.next())).toEqual([0, 0, 0])
})

it('starts small again after success', () => {
  const backoff = createBackoff({ firstMs: 500, maxMs: 60_000, random: () => 0.999_999 })
  for (let tries = 0; tries < 9; tries++) backoff.next()
  backoff.reset()
  expect(backoff.next()).toBe(500)
})

it('never waits longer than the ceiling of a single call', () => {
  fc.assert(
    fc.property(
      fc.float({ min: 0, max: Math.fround(0.999), noNaN: true }),
      fc.nat(20),
      fc.nat(10_000),
      (chance, tries, ceilingMs) => {
        const backoff = createBackoff({ firstMs: 500, maxMs: 60_000, random: () => chance })
        for (let count = 0; count < tries; count++) backoff.next()
        expect(backoff.next(ceilingMs)).toBeLessThanOrEqual(ceilingMs)
      },
    ),
  )
})
