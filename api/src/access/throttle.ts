// Failed attempts slow down those who make them: counted in the database, so that replicas count together, by its clock.
import { Fault } from '@sindri/schema/contract/codes'
import type { Db, Tx } from '../platform/db.ts'
import { networkOf } from '../platform/network.ts'
import { hashOf } from '../platform/secrets.ts'

/** What is counted, and how many failures are free before the delays begin. */
export interface Counter {
  key: string
  free: number
}

export interface Throttle {
  /**
   * Counts an attempt as failed before it is made, so that a thousand at the same moment are not all free.
   * RATE_LIMITED while one of the counters waits; then nothing is counted.
   */
  attempt(counters: readonly Counter[]): Promise<void>
  /** The attempt succeeded: `forget` starts anew, `others` only lose the failure that was counted for it. */
  succeeded(forget: readonly Counter[], others: readonly Counter[]): Promise<void>
  /** Whoever is given a new password need not wait for the failures with the old one: within the transaction that gives it. */
  forgiveAccount(tx: Pick<Tx, 'query'>, email: string): Promise<void>
  /** Deletes what has no effect any more. */
  tidy(): Promise<void>
}

const firstDelayMs = 1_000
const longestDelayMs = 15 * 60_000
/** Failures that are older than this no longer count. */
const memoryMs = 60 * 60_000

/** What somebody typed is hashed: it may be a password in the wrong field, and has any length. */
const accountPrefix = (email: string): string => `account:${hashOf(email)}:`

export const signInCounters = (email: string, ip: string): { account: Counter; address: Counter } => {
  const network = networkOf(ip)
  return {
    account: { key: `${accountPrefix(email)}${network}`, free: 4 },
    // Behind one address may be a whole office.
    address: { key: `ip:${network}`, free: 20 },
  }
}

export const createThrottle = ({ db }: { db: Db }): Throttle => ({
  async attempt(counters) {
    // One statement: who waits is not counted again, and of two at the same moment the second sees the first.
    const taken = await db.query<{ key: string }>(
      `with asked as (select * from unnest($1::text[], $2::int4[]) as asked (key, free)),
       waiting as (select 1 from sign_in_throttle where key = any($1::text[]) and blocked_until > now())
       insert into sign_in_throttle as t (key, failures, first_at, last_at, blocked_until)
       select key, 1, now(), now(), case when free < 1 then now() + $3 * interval '1 ms' end
       from asked where not exists (select from waiting) order by key
       on conflict (key) do update set
         failures = case when t.last_at < now() - $5 * interval '1 ms' then 1 else t.failures + 1 end,
         first_at = case when t.last_at < now() - $5 * interval '1 ms' then now() else t.first_at end,
         last_at = now(),
         blocked_until = case
           when t.last_at < now() - $5 * interval '1 ms' then null
           when t.failures + 1 <= (select free from asked where asked.key = t.key) then null
           else now() + least($4::float8, $3::float8 * power(2, least(30, t.failures - (select free from asked where asked.key = t.key)))) * interval '1 ms'
         end
       where t.blocked_until is null or t.blocked_until <= now()
       returning key`,
      [counters.map(({ key }) => key), counters.map(({ free }) => free), firstDelayMs, longestDelayMs, memoryMs],
    )
    if (taken.length === counters.length) return
    const [wait] = await db.query<{ ms: number }>(
      `select coalesce(max(extract(epoch from blocked_until - now()) * 1000), 0)::float8 as ms from sign_in_throttle where key = any($1::text[])`,
      [counters.map(({ key }) => key)],
    )
    const retryAfterMs = Math.max(1_000, Math.ceil(wait?.ms ?? 0))
    throw new Fault('RATE_LIMITED', `Too many failed attempts; try again in ${Math.ceil(retryAfterMs / 1_000)} s.`, {
      retryAfterMs,
    })
  },

  async succeeded(forget, others) {
    await db.query('delete from sign_in_throttle where key = any($1::text[])', [forget.map(({ key }) => key)])
    if (others.length === 0) return
    await db.query(
      `update sign_in_throttle set failures = greatest(0, failures - 1), blocked_until = null where key = any($1::text[])`,
      [others.map(({ key }) => key)],
    )
  },

  async forgiveAccount(tx, email) {
    await tx.query('delete from sign_in_throttle where starts_with(key, $1)', [accountPrefix(email)])
  },

  async tidy() {
    await db.query(`delete from sign_in_throttle where last_at < now() - $1 * interval '1 ms'`, [memoryMs])
  },
})
