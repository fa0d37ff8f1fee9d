import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestDb } from '../testing/backend.ts'
import type { TestDb } from '../testing/backend.ts'
import { createThrottle } from './throttle.ts'
import type { Throttle } from './throttle.ts'

let db: TestDb
let throttle: Throttle
beforeAll(async () => {
  db = await openTestDb()
  throttle = createThrottle({ db })
})
afterAll(() => db.close())

/** As if that much time had passed for this counter. */
const age = (key: string, ms: number) =>
  db.query(
    `update sign_in_throttle set last_at = last_at - $2 * interval '1 ms', blocked_until = blocked_until - $2 * interval '1 ms' where key = $1`,
    [key, ms],
  )
const delayMs = async (key: string): Promise<number | undefined> => {
  const [row] = await db.query<{ ms: number }>(
    'select (extract(epoch from blocked_until - last_at) * 1000)::float8 as ms from sign_in_throttle where key = $1',
    [key],
  )
  return row?.ms
}

describe('attempts that fail', () => {
  it('are free at first, then each makes the wait twice as long, to a quarter of an hour', async () => {
    const counter = { key: 'growing', free: 2 }
    for (let i = 0; i < 2; i++) await throttle.attempt([counter])
    expect(await delayMs('growing')).toBeNull()
    for (const expected of [1_000, 2_000, 4_000, 8_000]) {
      await throttle.attempt([counter])
      expect(await delayMs('growing')).toBe(expected)
      await age('growing', expected)
    }
    await db.query(`update sign_in_throttle set failures = 1000, blocked_until = null where key = 'growing'`)
    await throttle.attempt([counter])
    expect(await delayMs('growing')).toBe(900_000)
    const fault = await throttle.attempt([counter]).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'RATE_LIMITED' })
    const { retryAfterMs } = (fault as { details: { retryAfterMs: number } }).details
    expect(retryAfterMs).toBeGreaterThan(600_000)
    expect(retryAfterMs).toBeLessThanOrEqual(900_000)
  })

  it('made at the same moment are not all free', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 30 }, () => throttle.attempt([{ key: 'burst', free: 4 }])),
    )
    const free = answers.filter((answer) => answer.status === 'fulfilled').length
    // A busy machine may take longer than the first delays.
    expect(free).toBeGreaterThanOrEqual(5)
    expect(free).toBeLessThan(9)
  })

  it('are forgotten an hour after the last one', async () => {
    for (let i = 0; i < 3; i++) await throttle.attempt([{ key: 'old', free: 2 }])
    await age('old', 3_600_001)
    await throttle.attempt([{ key: 'old', free: 2 }])
    expect(await db.query(`select failures, blocked_until from sign_in_throttle where key = 'old'`)).toEqual([
      { failures: 1, blocked_until: null },
    ])
  })

  it('while one counter waits do not count for the others', async () => {
    await throttle.attempt([{ key: 'blocked', free: 1 }])
    await db.query(`update sign_in_throttle set blocked_until = now() + interval '1 min' where key = 'blocked'`)
    for (let i = 0; i < 5; i++) {
      await expect(
        throttle.attempt([
          { key: 'blocked', free: 1 },
          { key: 'beside', free: 1 },
        ]),
      ).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    }
    expect(await db.query(`select key from sign_in_throttle where key = 'beside'`)).toEqual([])
  })
})

it('success starts an account anew, and only takes back its own failure from the address', async () => {
  const account = { key: 'account', free: 1 }
  const address = { key: 'address', free: 9 }
  await throttle.attempt([account, address])
  await throttle.attempt([account, address])
  await throttle.succeeded([account], [address])
  expect(
    await db.query(`select key, failures, blocked_until from sign_in_throttle where key in ('account', 'address')`),
  ).toEqual([{ key: 'address', failures: 1, blocked_until: null }])
})

it('what has no effect any more is deleted', async () => {
  await throttle.attempt([{ key: 'stale', free: 2 }])
  await throttle.attempt([{ key: 'fresh', free: 2 }])
  await age('stale', 3_700_000)
  await throttle.tidy()
  expect(await db.query(`select key from sign_in_throttle where key in ('stale', 'fresh')`)).toEqual([{ key: 'fresh' }])
})
