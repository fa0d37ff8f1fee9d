// Budgets refill by the clock, and say when to come back.
import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { createLimiter } from './limits.ts'

const tenAMinute = { perSecond: 10 / 60, burst: 10 }

describe('a limiter', () => {
  it('lets a burst pass, then says how long until the next', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock, tenAMinute)
    for (let i = 0; i < 10; i += 1) expect(limiter.take('a')).toBe(0)
    expect(limiter.take('a')).toBe(6_000)
    await clock.advance(5_999)
    expect(limiter.take('a')).toBeGreaterThan(0)
    await clock.advance(1)
    expect(limiter.take('a')).toBe(0)
    expect(limiter.take('b')).toBe(0)
  })

  it('is not fooled by a wall clock that is set', () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock, tenAMinute)
    for (let i = 0; i < 10; i += 1) limiter.take('a')
    clock.jumpWall(3_600_000)
    expect(limiter.take('a')).toBe(6_000)
  })

  it('takes nothing when there is not enough', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock, { perSecond: 100, burst: 100 })
    limiter.take('a', 60)
    expect(limiter.take('a', 60)).toBe(200)
    expect(limiter.take('a', 40)).toBe(0)
  })

  it('charges for what has happened already, into a debt of at most one burst', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock, { perSecond: 100, burst: 100 })
    for (let i = 0; i < 150; i += 1) limiter.charge('a')
    expect(limiter.wait('a')).toBe(510)
    for (let i = 0; i < 150; i += 1) limiter.charge('a')
    expect(limiter.wait('a')).toBe(1_010)
    await clock.advance(1_010)
    expect(limiter.take('a')).toBe(0)
  })

  it('tells without taking whether something would pass', () => {
    const limiter = createLimiter(createFakeClock(), { perSecond: 1, burst: 1 })
    for (let i = 0; i < 3; i += 1) expect(limiter.wait('a')).toBe(0)
    limiter.take('a')
    expect(limiter.wait('a')).toBe(1_000)
  })

  it('lets what is larger than the whole bucket pass when it is full, and makes it wait for the debt', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock, { perSecond: 100, burst: 100 })
    expect(limiter.take('a', 300)).toBe(0)
    expect(limiter.take('a', 1)).toBe(2_010)
  })

  it('tells as a fault what there was too much of', () => {
    const limiter = createLimiter(createFakeClock(), { perSecond: 1, burst: 1 })
    limiter.demand('a', 'enrolments')
    expect(() => limiter.demand('a', 'enrolments')).toThrow(
      expect.objectContaining({
        code: 'RATE_LIMITED',
        message: 'Too many enrolments; try again in 1 s.',
        details: { retryAfterMs: 1000 },
      }),
    )
  })

  it('forgets who has rested, so that many addresses do not fill memory', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter(clock, tenAMinute)
    for (let i = 0; i < 5_000; i += 1) {
      limiter.take(`ip ${i}`)
      if (i % 100 === 0) await clock.advance(1_000)
    }
    expect(limiter.size()).toBeLessThan(2_100)
  })
})
