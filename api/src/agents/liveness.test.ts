import { LIMITS } from '@sindri/schema/contract/limits'
import { type Liveness, LIVENESSES } from '@sindri/schema/contract/status'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { livenessAfter, patienceMs, silenceMs } from './liveness.ts'

const second = 1_000
const [fastestMs, slowestMs] = LIMITS.heartbeatRangeMs

const silences = fc.integer({ min: 0, max: 60 * 60 * second })
const intervals = fc.integer({ min: fastestMs, max: slowestMs })
const livenesses = fc.constantFrom(...LIVENESSES)
const order = ['ONLINE', 'STALE', 'OFFLINE'] as const
const rank = (liveness: string) => order.indexOf(liveness as (typeof order)[number])

describe('liveness', () => {
  it('is STALE after two silent intervals and OFFLINE after three', () => {
    expect(livenessAfter(19_999, 10 * second, 'ONLINE')).toBe('ONLINE')
    expect(livenessAfter(20_000, 10 * second, 'ONLINE')).toBe('STALE')
    expect(livenessAfter(29_999, 10 * second, 'STALE')).toBe('STALE')
    expect(livenessAfter(30_000, 10 * second, 'STALE')).toBe('OFFLINE')
    expect(livenessAfter(179_999, 60 * second, 'ONLINE')).toBe('STALE')
    expect(livenessAfter(180_000, 60 * second, 'ONLINE')).toBe('OFFLINE')
  })

  it('is never OFFLINE under 30 s, however fast the heart beats', () => {
    const early = fc.integer({ min: 0, max: LIMITS.offlineFloorMs - 1 })
    fc.assert(
      fc.property(early, intervals, livenesses, (silentMs, heartbeatMs, present) => {
        if (present !== 'OFFLINE') expect(livenessAfter(silentMs, heartbeatMs, present)).not.toBe('OFFLINE')
      }),
    )
  })

  it('never gets better by silence, and longer silence never gives a better one', () => {
    fc.assert(
      fc.property(silences, silences, intervals, livenesses, (silentMs, moreMs, heartbeatMs, present) => {
        const next = livenessAfter(silentMs, heartbeatMs, present)
        if (present === 'NEVER') {
          expect(next).toBe('NEVER')
          return
        }
        expect(rank(next)).toBeGreaterThanOrEqual(rank(present))
        expect(rank(livenessAfter(silentMs + moreMs, heartbeatMs, present))).toBeGreaterThanOrEqual(rank(next))
      }),
    )
  })

  it('comes to the same whether it was judged on the way or only at the end', () => {
    fc.assert(
      fc.property(
        silences,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        intervals,
        (silentMs, looks, heartbeatMs) => {
          const present = looks
            .toSorted((a, b) => a - b)
            .reduce<Liveness>((known, share) => livenessAfter(silentMs * share, heartbeatMs, known), 'ONLINE')
          expect(livenessAfter(silentMs, heartbeatMs, present)).toBe(livenessAfter(silentMs, heartbeatMs, 'ONLINE'))
        },
      ),
    )
  })

  it('needs no look at anybody who was silent for less than the patience', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: patienceMs - 1 }),
        intervals,
        livenesses,
        (silentMs, heartbeatMs, present) => {
          expect(livenessAfter(silentMs, heartbeatMs, present)).toBe(present)
        },
      ),
    )
  })
})

it('silence counts from the last frame or from when somebody could hear, whichever was later', () => {
  expect(silenceMs(1_000, 0, 5_000)).toBe(4_000)
  expect(silenceMs(1_000, 4_500, 5_000)).toBe(500)
  expect(silenceMs(6_000, 0, 5_000)).toBe(0)
})
