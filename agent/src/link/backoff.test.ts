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

it('comes back never before the time it was told, and spread behind it', () => {
  fc.assert(
    fc.property(
      fc.float({ min: 0, max: Math.fround(0.999), noNaN: true }),
      fc.nat(20),
      fc.nat(100_000),
      (chance, tries, retryAfterMs) => {
        const backoff = createBackoff({ firstMs: 500, maxMs: 60_000, random: () => chance })
        for (let count = 0; count < tries; count++) backoff.next()
        const delayMs = backoff.next(retryAfterMs)
        expect(delayMs).toBeGreaterThanOrEqual(retryAfterMs)
        expect(delayMs - retryAfterMs).toBe(Math.round(chance * Math.max(2_000, Math.min(500 * 2 ** tries, 60_000))))
      },
    ),
  )
})
