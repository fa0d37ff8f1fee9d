// Who was heard, written for all links at once every 5 s; and who was not, judged by every replica without two doing it twice.
import type { Liveness } from '@sindri/schema/contract/status'
import { type Bus, gap } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { topics } from '../platform/topics.ts'
import type { AgentLinks, Link } from './links.ts'
import { type Hearing, livenessAfter, patienceMs, silenceMs } from './liveness.ts'
import type { RecordEvents } from './observed.ts'
import { replicaAlive } from './take.ts'

interface Deps {
  db: Db
  bus: Bus
  clock: Clock
  log: Log
  recordEvents: RecordEvents
  replica: string
  links: Pick<AgentLinks, 'all' | 'settle' | 'wasCrowded'>
}

export const presenceMs = 5_000
/** Longer than this between two of its writes, a replica was away or could not write: it heard nobody meanwhile. */
const awayMs = 3 * presenceMs
/** The clocks of two machines agree so far: less is no news of when an agent's process began. */
const startAgreesMs = 5_000
/** Judged in one statement; the rest follows in the next round. */
const judgedMax = 2_000

interface Judged {
  id: string
  holder: string | null
  liveness: Liveness
  heartbeat_ms: number
  last_seen_at: Date
  last_seen_ms: number
  holder_heard_since_ms: number | null
  holder_seen_ms: number | null
  judge_since_ms: number
  now_ms: number
}

const msOf = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`

export const createPresence = ({ db, bus, clock, log, recordEvents, replica, links }: Deps) => {
  /** Not written yet. */
  let crowded = false
  let writtenMs = clock.monotonicMs()
  /** Monotonic time when a replica that cannot write said that it hears its agents. */
  const saidToHear = new Map<string, number>()

  const hearingOf = (row: Judged): Hearing => {
    const { holder, holder_seen_ms: seenMs, holder_heard_since_ms: heardSinceMs, now_ms: nowMs } = row
    const saidMs = holder === null ? undefined : saidToHear.get(holder)
    const aliveMs = saidMs === undefined ? -Infinity : nowMs - (clock.monotonicMs() - saidMs)
    return {
      lastSeenMs: row.last_seen_ms,
      holder:
        seenMs === null || heardSinceMs === null ? null : { heardSinceMs, seenMs, aliveMs: Math.max(seenMs, aliveMs) },
      judgeSinceMs: row.judge_since_ms,
      nowMs,
    }
  }

  const changed = (ids: readonly string[]): void => {
    for (const id of ids) bus.publish(topics.instanceChanged, 'all', { id })
  }

  /**
   * Until `agoMs` ago this replica wrote what it heard; since when it can hear, stays as it was unless there was a pause. Since when it lets in
   * whoever comes, begins anew as well while it has to turn agents away or make them wait: their silence is its own doing.
   */
  const report = async (agoMs: number): Promise<void> => {
    crowded ||= links.wasCrowded()
    await db.query(
      `insert into replicas as r (id, started_at, heard_since, admits_since, seen_at) values ($1, now(), now(), now(), now())
       on conflict (id) do update set seen_at = now() - $3 * interval '1 ms',
         heard_since = case when r.seen_at < now() - $2 * interval '1 ms' then now() else r.heard_since end,
         admits_since = case when $4 or r.seen_at < now() - $2 * interval '1 ms' then now() else r.admits_since end`,
      [replica, awayMs, agoMs, crowded],
    )
    crowded = false
    writtenMs = clock.monotonicMs()
  }

  /** Answers with the links whose row is another's, or gone. */
  const flush = async (): Promise<Link[]> => {
    const heard: { link: Link; heardMs: number; start: Link['start'] }[] = []
    for (const link of links.all())
      if (link.heardMs !== null) heard.push({ link, heardMs: link.heardMs, start: link.start })
    if (heard.length === 0) return []
    const nowMs = clock.monotonicMs()
    const { written, publish } = await db.tx(async (tx) => {
      // Locked in one order, as every replica does it.
      const rows = await tx.query<{ id: string; num: number; name: string; was: Liveness; is_news: boolean }>(
        `with heard as (select * from unnest($1::text[], $2::int8[], $3::float8[], $4::float8[]) as heard (id, epoch, age_ms, up_ms)),
         locked as (select i.id, i.liveness as was, i.agent_started_at as started from instances i where i.id = any($1::text[]) order by i.id for update),
         news as (select heard.*, locked.was, locked.was <> 'ONLINE' or coalesce(moved, false) as is_news,
             case when moved then now() - up_ms * interval '1 ms' else started end as started
           from heard join locked on locked.id = heard.id,
             lateral (select abs(extract(epoch from now() - started) * 1000 - up_ms) > $5 as moved) as start)
         update instances i set last_seen_at = greatest(i.last_seen_at, now() - news.age_ms * interval '1 ms'), liveness = 'ONLINE',
           liveness_at = case when i.liveness = 'ONLINE' then i.liveness_at else now() end, agent_started_at = news.started,
           revision = case when is_news then i.revision + 1 else i.revision end,
           changed_at = case when is_news then now() else i.changed_at end
         from news where i.id = news.id and i.epoch = news.epoch and i.deleted_at is null
         returning i.id, i.num, i.name, news.was, is_news`,
        [
          heard.map(({ link }) => link.viewer.id),
          heard.map(({ link }) => link.viewer.epoch),
          heard.map(({ heardMs }) => nowMs - heardMs),
          heard.map(({ start }) => (start.state === 'told' ? nowMs - start.atMs : null)),
          startAgreesMs,
        ],
      )
      const recovered = rows.filter(({ was }) => was === 'OFFLINE')
      const tell = await recordEvents(
        tx,
        recovered.map(({ id, num, name }) => ({
          instanceId: id,
          instanceNum: num,
          instanceName: name,
          type: 'HEARTBEAT_RECOVERED',
          message: `${name} is heard again.`,
          metadata: {},
        })),
      )
      return { written: new Map(rows.map((row) => [row.id, row.is_news])), publish: tell }
    })
    publish()
    changed([...written].filter(([, isNews]) => isNews).map(([id]) => id))
    for (const { link, heardMs, start } of heard) {
      if (link.heardMs === heardMs) link.heardMs = null
      if (start.state === 'told') link.start = { state: 'written' }
    }
    return heard.map(({ link }) => link).filter(({ viewer }) => !written.has(viewer.id))
  }

  const sweep = async (): Promise<void> => {
    const rows = await db.query<Judged>(
      `select i.id, i.replica as holder, i.liveness, i.heartbeat_ms, i.last_seen_at, ${msOf('i.last_seen_at')} as last_seen_ms,
         ${msOf('holder.heard_since')} as holder_heard_since_ms, ${msOf('holder.seen_at')} as holder_seen_ms,
         ${msOf('judge.admits_since')} as judge_since_ms, ${msOf('now()')} as now_ms
       from instances i join replicas judge on judge.id = $3 left join replicas holder on holder.id = i.replica
       where i.liveness in ('ONLINE', 'STALE') and i.deleted_at is null and i.last_seen_at < now() - $1 * interval '1 ms'
         and case when ${replicaAlive('holder')} then holder.heard_since else judge.admits_since end < now() - $1 * interval '1 ms'
       order by i.last_seen_at limit $2`,
      [patienceMs, judgedMax, replica],
    )
    const worse = rows
      .map((row) => ({
        ...row,
        next: livenessAfter(silenceMs(hearingOf(row)), row.heartbeat_ms, row.liveness),
      }))
      .filter(({ liveness, next }) => next !== liveness)
    if (worse.length === 0) return
    const { marked, publish } = await db.tx(async (tx) => {
      // Only as it was read: whoever was heard or judged meanwhile, here or on another replica, is left alone.
      const done = await tx.query<{ id: string; num: number; name: string; liveness: Liveness; last_seen_at: Date }>(
        `with judged as (select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as judged (id, was, next, seen)),
         locked as (select i.id from instances i where i.id = any($1::text[]) order by i.id for update)
         update instances i set liveness = judged.next::liveness, liveness_at = now(), revision = i.revision + 1, changed_at = now()
         from judged join locked on locked.id = judged.id
         where i.id = judged.id and i.liveness = judged.was::liveness and i.last_seen_at = judged.seen and i.deleted_at is null
         returning i.id, i.num, i.name, i.liveness, i.last_seen_at`,
        [
          worse.map(({ id }) => id),
          worse.map(({ liveness }) => liveness),
          worse.map(({ next }) => next),
          worse.map(({ last_seen_at }) => last_seen_at),
        ],
      )
      const tell = await recordEvents(
        tx,
        done
          .filter(({ liveness }) => liveness === 'OFFLINE')
          .map(({ id, num, name, last_seen_at }) => ({
            instanceId: id,
            instanceNum: num,
            instanceName: name,
            type: 'HEARTBEAT_LOST',
            message: `${name} has not been heard since ${last_seen_at.toISOString()}.`,
            metadata: { lastSeenAt: last_seen_at.toISOString() },
          })),
      )
      return { marked: done, publish: tell }
    })
    publish()
    changed(marked.map(({ id }) => id))
    if (marked.length > 0)
      log.info('instances fell silent', {
        count: marked.length,
        offline: marked.filter(({ liveness }) => liveness === 'OFFLINE').length,
      })
  }

  return {
    /** In this order: nobody is judged, here or on another replica, before what was heard is written. */
    async round(): Promise<void> {
      const startedMs = clock.monotonicMs()
      const over = await flush()
      await report(clock.monotonicMs() - startedMs)
      if (over.length > 0) await links.settle(over)
      await sweep()
    },
    /** Whoever can write judges the agents of those who cannot: they are told that these are heard. */
    beat(): void {
      if (clock.monotonicMs() - writtenMs > 2 * presenceMs) bus.publish(topics.replicaHears, 'all', { replica })
    },
    /** Listens which replicas hear and cannot write; the undo ends that. */
    async listen(): Promise<() => Promise<unknown>> {
      const beats = await bus.subscribe(topics.replicaHears, 'all')
      void (async () => {
        for await (const beat of beats) {
          if (beat === gap || beat.replica === replica) continue
          if (saidToHear.size > 1_000) saidToHear.clear()
          saidToHear.set(beat.replica, clock.monotonicMs())
        }
      })()
      return () => beats.return()
    },
    /** Its links are nobody's now, and what it could hear says nothing any more. */
    async leave(): Promise<void> {
      await db.query('update instances set replica = null where replica = $1', [replica])
      await db.query(`delete from replicas where id = $1 or seen_at < now() - interval '1 day'`, [replica])
    },
  }
}
