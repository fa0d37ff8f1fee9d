import type { Fleet, FleetChange, UserViewer } from '@sindri/schema'
import type { Role } from '@sindri/schema/contract/roles'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { silentLog } from '../platform/log.ts'
import { openTestDb, type TestDb } from '../testing/backend.ts'
import { makeAgent, viewer } from '../testing/metrics.ts'
import { createFleet } from './fleet.ts'

let db: TestDb
let clock: FakeClock
let fleet: Fleet
beforeAll(async () => {
  db = await openTestDb()
})
afterAll(() => db.close())
beforeEach(() => {
  clock = createFakeClock()
  fleet = createFleet({ db, clock, log: silentLog })
})
afterEach(async () => {
  for (const table of ['audit_entries', 'metric_latest', 'instances']) await db.query(`delete from ${table}`)
})

const as = (role: Role): UserViewer => ({ ...viewer, role })
const make = async (name: string, liveness = 'ONLINE', provider: string | null = null) => {
  const made = await makeAgent(db, name)
  await db.query('update instances set liveness = $2::liveness, provider = $3 where num = $1', [
    made.num,
    liveness,
    provider,
  ])
  return made
}
const sample = (num: number, cpu: number, agoMs = 0) =>
  db.query(
    `insert into metric_latest (instance, at, detail, cpu, memory, disk, network)
     values ($1, now() - $2 * interval '1 ms', '{}', $3, 0.3333, 0.5, 1234)
     on conflict (instance) do update set at = excluded.at, cpu = excluded.cpu`,
    [num, agoMs, cpu],
  )

describe('the fleet', () => {
  it('is counted by status and provider', async () => {
    await make('a', 'ONLINE', 'fly')
    await make('b', 'OFFLINE', 'fly')
    await make('c')
    const gone = await make('gone', 'ONLINE', 'docker')
    await db.query('update instances set deleted_at = now() where num = $1', [gone.num])
    expect(await fleet.counts(viewer)).toEqual({
      total: 3,
      statuses: [
        { status: 'RUNNING', count: 2 },
        { status: 'OFFLINE', count: 1 },
      ],
      providers: [
        { provider: 'fly', count: 2, running: 1 },
        { provider: null, count: 1, running: 1 },
      ],
    })
  })

  it('shows how loaded each is in the order of enrolment, and no figure that is not of now', async () => {
    const [b, a, old] = [await make('b', 'ONLINE', 'fly'), await make('a'), await make('old')]
    await sample(b.num, 96.6)
    await sample(old.num, 50, 120_000)
    expect(await fleet.load(viewer)).toEqual({
      ids: [b.id, a.id, old.id],
      names: ['b', 'a', 'old'],
      statuses: ['RUNNING', 'RUNNING', 'RUNNING'],
      providers: ['fly', null, null],
      cpu: [97, null, null],
      memory: [33, null, null],
      disk: [50, null, null],
      network: [1_200, null, null],
    })
  })
})

describe('what needs somebody', () => {
  const lose = (num: number, name: string, times: number) =>
    db.query(
      `insert into events (id, instance_num, type, message, at)
       select 'evt_' || $2 || n, $1, 'HEARTBEAT_LOST', '', now() - n * interval '10 min' from generate_series(1, $3::int) n`,
      [num, name, times],
    )

  it('is silent and unsteady instances, with the latest of each and how many there are', async () => {
    for (let n = 0; n < 7; n++) await make(`off-${n}`, 'OFFLINE')
    await make('late', 'STALE')
    await make('fine')
    const [flapping, once] = [await make('flapping'), await make('once')]
    await lose(flapping.num, 'flapping', 3)
    await lose(once.num, 'once', 2)
    await db.query(`update instances set liveness_at = now() + interval '1 s' where name = 'off-3'`)
    const concerns = await fleet.concerns(as('VIEWER'))
    expect(concerns.map(({ kind, count, latest }) => [kind, count, latest.length])).toEqual([
      ['OFFLINE', 7, 5],
      ['FLAPPING', 1, 1],
      ['STALE', 1, 1],
    ])
    expect(concerns[0]?.latest[0]).toMatchObject({ name: 'off-3', times: 1, detail: null, at: expect.any(Date) })
    expect(concerns[1]?.latest[0]).toMatchObject({ instanceId: flapping.id, name: 'flapping', times: 3 })
  })

  it('is take-overs and refused acts only for those who may read them', async () => {
    const { id } = await make('wanted')
    await db.prisma.takeoverRequest.create({
      data: { id: 'tko_1', instanceId: id, publicKey: 'k', thumbprint: 't', address: '192.0.2.7' },
    })
    await db.audit(viewer, { action: 'terminal.open.openTerminal', outcome: 'DENIED', code: 'FORBIDDEN' })
    await db.audit(viewer, { action: 'terminal.open.openTerminal', outcome: 'FAILED', code: 'CONFLICT' })
    const kinds = async (role: Role) => (await fleet.concerns(as(role))).map(({ kind, count }) => `${kind} ${count}`)
    expect(await kinds('DEVELOPER')).toEqual([])
    expect(await kinds('OPERATOR')).toEqual(['TAKEOVER 1'])
    expect(await kinds('ADMIN')).toEqual(['TAKEOVER 1', 'DENIED 1'])
    const [takeover, denied] = await fleet.concerns(as('ADMIN'))
    expect(takeover?.latest[0]).toMatchObject({ instanceId: id, name: 'wanted', detail: '192.0.2.7' })
    expect(denied?.latest[0]).toMatchObject({ instanceId: null, name: 'Ada', detail: 'terminal.open.openTerminal' })
  })
})

describe('changes of the fleet', () => {
  type Changes = AsyncIterableIterator<FleetChange, undefined>
  const watch = async () => (await fleet.changes(viewer)) as Changes
  const seen = ({ load, removed }: FleetChange) => ({
    now: Object.fromEntries(load.names.map((name, at) => [name, load.cpu[at] ?? load.statuses[at]])),
    removed,
  })
  /** Reads of the database lie between the timers: time goes on until there is an answer. */
  const next = async (changes: Changes) => {
    let change: FleetChange | undefined
    let due = false
    void changes.next().then(({ value }) => {
      change = value
      due = true
    })
    await expect
      .poll(
        async () => {
          await clock.advance(2_000)
          return due
        },
        { interval: 20 },
      )
      .toBe(true)
    return seen(change as FleetChange)
  }
  const silence = (num: number, liveness: string) =>
    db.query('update instances set liveness = $2::liveness, changed_at = now() where num = $1', [num, liveness])

  it('come together, each instance once, with only what is another than before', async () => {
    const [a, b, c] = [await make('a'), await make('b'), await make('c')]
    await sample(a.num, 10)
    await sample(b.num, 20)
    const changes = await watch()
    await sample(a.num, 11)
    await sample(a.num, 12)
    await sample(b.num, 20.2)
    await silence(c.num, 'STALE')
    expect(await next(changes)).toEqual({ now: { a: 12, c: 'STALE' }, removed: [] })
    await make('d')
    await db.query('update instances set deleted_at = now(), changed_at = now() where num = $1', [b.num])
    expect(await next(changes)).toEqual({ now: { d: 'RUNNING' }, removed: [b.id] })
    await changes.return?.()
  })

  it('wait for a slow watcher as what is there now, and each watcher hears its own part', async () => {
    const a = await make('a')
    const [slow, fast] = [await watch(), await watch()]
    await sample(a.num, 10)
    expect(await next(fast)).toEqual({ now: { a: 10 }, removed: [] })
    await sample(a.num, 30)
    expect(await next(fast)).toEqual({ now: { a: 30 }, removed: [] })
    expect(seen((await slow.next()).value as FleetChange)).toEqual({ now: { a: 30 }, removed: [] })
    const late = await watch()
    await sample(a.num, 40)
    expect(await next(late)).toEqual({ now: { a: 40 }, removed: [] })
    for (const each of [slow, fast, late]) await each.return?.()
  })

  it('that left no mark are found when the whole is read again', async () => {
    const a = await make('a')
    await sample(a.num, 10)
    const b = await make('b')
    await db.query(`update instances set changed_at = now() - interval '1 min'`)
    const changes = await watch()
    await sample(a.num, 50, 60_000)
    await db.query('delete from instances where num = $1', [b.num])
    expect(await next(changes)).toEqual({ now: { a: 50 }, removed: [b.id] })
    await changes.return?.()
  })

  it('cost nothing once nobody watches, also while somebody waits', async () => {
    const changes = await watch()
    const waiting = changes.next()
    await changes.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
    await expect.poll(() => clock.timerCount()).toBe(0)
  })

  it('go on after an outage of the database', async () => {
    const a = await make('a')
    let away = false
    const query: TestDb['query'] = (...asked) =>
      away ? Promise.reject(new Error('the database is away')) : db.query(...asked)
    fleet = createFleet({ db: { ...db, query }, clock, log: silentLog })
    away = true
    await expect(watch()).rejects.toThrow('away')
    away = false
    const changes = await watch()
    away = true
    await clock.advance(4_000)
    away = false
    await sample(a.num, 10)
    expect(await next(changes)).toEqual({ now: { a: 10 }, removed: [] })
    await changes.return?.()
  })
})
