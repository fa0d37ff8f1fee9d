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

describe('silence', () => {
  const nowMs = 1_000 * second
  const ago = (seconds: number) => nowMs - seconds * second
  const silent = (lastSeen: number, holder: { since: number; wrote: number; lived?: number } | null, judge: number) =>
    silenceMs({
      lastSeenMs: ago(lastSeen),
      holder: holder && {
        heardSinceMs: ago(holder.since),
        seenMs: ago(holder.wrote),
        aliveMs: ago(Math.min(holder.wrote, holder.lived ?? Infinity)),
      },
      judgeSinceMs: ago(judge),
      nowMs,
    }) / second

  it.each([
    // lastSeen, holder {since, wrote}, judge → silent; all in seconds ago
    ['counts to the last write of its replica', 40, { since: 900, wrote: 3 }, 900, 37],
    ['stands still while its replica lives but does not write', 40, { since: 900, wrote: 19.9 }, 900, 20.1],
    ['counts from when its replica could hear', 40, { since: 12, wrote: 2 }, 900, 10],
    ['is none before its replica could hear', 40, { since: 2, wrote: 2 }, 900, 0],
    ['is none of who was heard after its replica wrote', 1, { since: 900, wrote: 5 }, 900, 0],
    ['begins anew 20 s after its replica died', 50, { since: 900, wrote: 45 }, 900, 25],
    ['has not begun while the agent of a dead replica looks for another', 30, { since: 900, wrote: 20 }, 900, 0],
    [
      'of a dead replica counts from when the judge could hear, where that was later',
      500,
      { since: 900, wrote: 400 },
      7,
      7,
    ],
    [
      'stands still while its replica says that it lives, however long it has not written',
      400,
      { since: 900, wrote: 390, lived: 5 },
      900,
      10,
    ],
    ['begins 20 s after its replica said last that it lives', 400, { since: 900, wrote: 390, lived: 27 }, 900, 7],
    ['of an agent without a link counts from its last frame', 40, null, 900, 40],
    ['of an agent without a link counts from when the judge could hear', 40, null, 15, 15],
    ['of whoever is written as heard later than now is none', -5, null, 900, 0],
  ] as const)('%s', (_, lastSeen, holder, judge, expected) => {
    expect(silent(lastSeen, holder, judge)).toBeCloseTo(expected)
  })

  it('never is longer than since the last frame, nor than somebody who lives could hear', () => {
    const at = fc.integer({ min: 0, max: 2_000 })
    fc.assert(
      fc.property(at, fc.option(fc.record({ since: at, wrote: at })), at, (lastSeen, holder, judge) => {
        const seconds = silent(lastSeen, holder && { ...holder, since: holder.since + holder.wrote }, judge)
        expect(seconds).toBeGreaterThanOrEqual(0)
        expect(seconds).toBeLessThanOrEqual(lastSeen)
        expect(seconds).toBeLessThanOrEqual(holder && holder.wrote < 20 ? holder.since : judge)
      }),
    )
  })
})
