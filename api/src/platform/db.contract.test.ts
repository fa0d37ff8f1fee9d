import { Fault } from '@sindri/schema/contract/codes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { backend, openTestDb } from '../testing/backend.ts'
import type { TestDb } from '../testing/backend.ts'
import type { Actor } from './auditEntry.ts'
import * as columns from './columns.ts'
import { prepared } from './prepared.ts'

const errors: Error[] = []
let db: TestDb
beforeAll(async () => {
  db = await openTestDb({ onError: (error) => errors.push(error) })
})
afterAll(() => db.close())

const system: Actor = { kind: 'system', name: 'test' }
const makeUser = (id: string, email = `${id}@example.org`) => ({
  id,
  email,
  name: id,
  passwordHash: 'x',
  role: 'VIEWER' as const,
})
const users = async (...ids: string[]) =>
  (await db.prisma.user.findMany({ where: { id: { in: ids } } })).map((user) => user.id).sort()

describe('values', () => {
  it('come back from raw SQL with the same types on both engines', async () => {
    const at = new Date('2026-03-29T01:30:00.123Z')
    const [row] = await db.query(
      `select $1::int4 as i, $2::int8 as big, $3::float8 as d, $4::float4 as r, $5::text as t, $6::timestamptz as at, $7::jsonb as j,
         $8::uuid as u, $9::bool as b, $10::text as nothing, $11::bytea as bytes, sum(x)::numeric as total, count(*) as n, '2026-03-29'::date as day
       from generate_series(1, 3) x`,
      [
        1,
        9007199254740991n,
        0.1,
        0.5,
        'é"\\,{}',
        at,
        { a: [1, null, 'ü'] },
        '01890a5d-ac96-774b-bcce-b302099a8057',
        true,
        null,
        new Uint8Array([0, 255]),
      ],
    )
    expect(row).toEqual({
      i: 1,
      big: 9007199254740991,
      d: 0.1,
      r: 0.5,
      t: 'é"\\,{}',
      at,
      j: { a: [1, null, 'ü'] },
      u: '01890a5d-ac96-774b-bcce-b302099a8057',
      b: true,
      nothing: null,
      bytes: Buffer.from([0, 255]),
      total: 6,
      n: 3,
      day: '2026-03-29',
    })
  })

  it('of time are brought into what PostgreSQL knows', async () => {
    const times = [
      new Date(-8.64e15),
      new Date('0000-06-01T00:00:00Z'),
      new Date('9999-12-31T23:59:59.999Z'),
      new Date(8.64e15),
    ]
    expect(await db.query(`select at::timestamptz(3) from unnest($1::timestamptz[]) as t (at)`, [times])).toEqual(
      [
        '0001-01-01T00:00:00.000Z',
        '0001-01-01T00:00:00.000Z',
        '9999-12-31T23:59:59.999Z',
        '9999-12-31T23:59:59.999Z',
      ].map((at) => ({ at: new Date(at) })),
    )
  })

  it('travel as arrays, with nulls and odd characters, in one statement', async () => {
    const at = new Date('2026-01-01T00:00:00Z')
    const texts = ['a', null, '', 'NULL', 'quo"te', 'back\\slash', 'com,ma', '{x}', ' space ', 'ünïcode']
    const [row] = await db.query(
      `select $1::text[] as texts, $2::int4[] as ints, $3::int8[] as bigs, $4::timestamptz[] as times, $5::bool[] as flags, $6::float8[] as figures, $7::text[] as empty`,
      [texts, [1, null, -3], [1n, 2], [at, null], [true, false, null], [0.5, null], []],
    )
    expect(row).toEqual({
      texts,
      ints: [1, null, -3],
      bigs: [1, 2],
      times: [at, null],
      flags: [true, false, null],
      figures: [0.5, null],
      empty: [],
    })
  })

  it('travel as columns in binary form, with nulls, none at all, and all that their types hold', async () => {
    const ms = [0, null, -62_135_596_800_000, 4_102_444_800_001]
    const uuids = ['01890a5d-ac96-774b-bcce-b302099a8057', null, 'ffffffff-ffff-ffff-ffff-ffffffffffff']
    const ints = [1, null, -3, 2 ** 31 - 1, -(2 ** 31)]
    const bigs = [0, null, -1, 2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    const flags = [true, null, false]
    const itself = <T>(value: T): T => value
    const [row] = await db.query(
      `select $1::int4[] as ints, $2::int8[] as bigs, $3::float4[] as reals, $4::timestamptz[] as times, $5::bool[] as flags, $6::uuid[] as uuids, $7::int4[] as empty`,
      [
        columns.int4s(ints, itself),
        columns.int8s(bigs, itself),
        // Too small for its column, it is zero.
        columns.float4s([0.5, null, 1e-50, 3e38], itself),
        columns.times(ms, itself),
        columns.booleans(flags, itself),
        columns.uuids(uuids, itself),
        columns.int4s([], itself),
      ],
    )
    expect(row).toEqual({
      ints,
      bigs,
      reals: [0.5, null, 0, 3e38],
      times: ms.map((each) => (each === null ? null : new Date(each))),
      flags,
      uuids,
      empty: [],
    })
  })

  it('join bulk inserts by unnest with Prisma reads of the same rows', async () => {
    const at = new Date('2026-03-29T02:30:00.001Z')
    const epoch = new Date(0)
    await db.query(
      `insert into replicas (id, started_at, heard_since, admits_since, seen_at) select id, at, at, at, at from unnest($1::text[], $2::timestamptz[]) as t (id, at)`,
      [
        ['r1', 'r2'],
        [at, epoch],
      ],
    )
    expect(await db.prisma.replica.findMany({ orderBy: { id: 'asc' } })).toEqual([
      { id: 'r1', startedAt: at, heardSince: at, admitsSince: at, seenAt: at },
      { id: 'r2', startedAt: epoch, heardSince: epoch, admitsSince: epoch, seenAt: epoch },
    ])
    await db.prisma.replica.create({ data: { id: 'r3', startedAt: at, heardSince: at, seenAt: at } })
    expect(await db.query('select seen_at from replicas where id = $1', ['r3'])).toEqual([{ seen_at: at }])
  })

  it('past 2^53 throw rather than lose digits', async () => {
    await expect(db.query(`select 9007199254740993::int8 as big`)).rejects.toThrow(
      'Expected a number up to 2^53 from the database, got 9007199254740993',
    )
  })

  it('of a prepared statement come like those of any other, each time, in and outside of transactions', async () => {
    const sum = prepared('select $1::int4 + 1 as n, $2::text as text')
    for (const n of [1, 2, 3]) expect(await db.query(sum, [n, 'a'])).toEqual([{ n: n + 1, text: 'a' }])
    expect(await db.tx((tx) => tx.query(sum, [7, null]))).toEqual([{ n: 8, text: null }])
    await expect(db.query(sum, ['x', 'a'])).rejects.toThrow('invalid input syntax')
    expect(await db.query(sum, [4, 'b'])).toEqual([{ n: 5, text: 'b' }])
    await expect(db.query(prepared('select no_such_column'))).rejects.toThrow('no_such_column')
    await expect(db.query(prepared('select no_such_column'))).rejects.toThrow('no_such_column')
  })

  it('of one call are one statement', async () => {
    await expect(db.query('select 1; select 2')).rejects.toThrow('multiple commands')
  })
})

describe('a transaction', () => {
  it('holds what its models and its raw SQL wrote, and shows it to both', async () => {
    const seen = await db.tx(async (tx) => {
      await tx.prisma.user.create({ data: makeUser('t1') })
      await tx.query(
        `insert into users (id, email, name, password_hash, role) values ('t2', 't2@example.org', 't2', 'x', 'ADMIN')`,
      )
      const raw = await tx.query<{ id: string }>(`select id from users where id in ('t1', 't2') order by id`)
      const models = await tx.prisma.user.findMany({ where: { id: { in: ['t1', 't2'] } }, orderBy: { id: 'asc' } })
      return [raw.map((row) => row.id), models.map((row) => row.id)]
    })
    expect(seen).toEqual([
      ['t1', 't2'],
      ['t1', 't2'],
    ])
    expect(await users('t1', 't2')).toEqual(['t1', 't2'])
  })

  it('that throws leaves nothing behind, and its error comes through', async () => {
    const boom = new Fault('CONFLICT', 'no')
    await expect(
      db.tx(async (tx) => {
        await tx.prisma.user.create({ data: makeUser('gone1') })
        await tx.query(
          `insert into users (id, email, name, password_hash, role) values ('gone2', 'gone2@x', 'n', 'x', 'ADMIN')`,
        )
        throw boom
      }),
    ).rejects.toBe(boom)
    expect(await users('gone1', 'gone2')).toEqual([])
  })

  it('keeps statements of others out: what runs beside a failing transaction is not undone with it', async () => {
    const doomed = Array.from({ length: 10 }, (_, i) =>
      db
        .tx(async (tx) => {
          await tx.prisma.user.create({ data: makeUser(`doomed${i}`) })
          await tx.query('select 1')
          await tx.query(
            `insert into users (id, email, name, password_hash, role) values ($1, $2, 'n', 'x', 'ADMIN')`,
            [`doomed-raw${i}`, `dr${i}@x`],
          )
          throw new Error('undone')
        })
        .catch((error: Error) => error.message),
    )
    const kept = Array.from({ length: 10 }, (_, i) => [
      db.query(`insert into users (id, email, name, password_hash, role) values ($1, $2, 'n', 'x', 'ADMIN')`, [
        `kept-raw${i}`,
        `kr${i}@x`,
      ]),
      db.prisma.user.create({ data: makeUser(`kept-model${i}`) }),
      db.tx((tx) => tx.prisma.user.create({ data: makeUser(`kept-tx${i}`) })),
    ])
    expect(new Set(await Promise.all(doomed))).toEqual(new Set(['undone']))
    await Promise.all(kept.flat())
    const rows = await db.query<{ id: string }>(`select id from users where id like 'kept%' or id like 'doomed%'`)
    expect(rows.map((row) => row.id).filter((id) => id.startsWith('doomed'))).toEqual([])
    expect(rows).toHaveLength(30)
  })

  it('does not show its rows to others before it commits', async () => {
    const inside = Promise.withResolvers<void>()
    const look = Promise.withResolvers<void>()
    const writing = db.tx(async (tx) => {
      await tx.prisma.user.create({ data: makeUser('hidden') })
      inside.resolve()
      // The embedded database makes the others wait; PostgreSQL answers them at once. Neither shows the row.
      if (backend === 'services') await look.promise
      throw new Error('undone')
    })
    const undone = writing.catch((error: Error) => error.message)
    await inside.promise
    expect(await users('hidden')).toEqual([])
    look.resolve()
    expect(await undone).toBe('undone')
  })

  it("refuses the database's own query, models and transactions inside, since they would wait for it", async () => {
    await expect(db.tx(() => db.query('select 1'))).rejects.toThrow(
      'Expected tx.query inside a transaction, got db.query',
    )
    await expect(db.tx(() => db.prisma.user.count())).rejects.toThrow(
      'Expected tx.prisma inside a transaction, got db.prisma',
    )
    await expect(db.tx(() => db.tx(async () => 1))).rejects.toThrow('Expected tx.tx inside a transaction, got db.tx')
    expect(await db.query('select 1 as one')).toEqual([{ one: 1 }])
  })

  it('is over for its raw SQL once its function has returned', async () => {
    const query = await db.tx(async (tx) => tx.query)
    await expect(query('select 1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('runs at the isolation level that was asked for', async () => {
    const level = (tx: { query: typeof db.query }) =>
      tx.query(`select current_setting('transaction_isolation') as level`)
    expect(await db.tx(level, { isolation: 'Serializable' })).toEqual([{ level: 'serializable' }])
    expect(await db.tx(level)).toEqual([{ level: 'read committed' }])
  })

  it('that takes longer than its time ends as UNAVAILABLE, changes nothing, and its late statements run nowhere', async () => {
    const late: Promise<unknown>[] = []
    const slow = db.tx(
      async (tx) => {
        await tx.prisma.user.create({ data: makeUser('late') })
        while (await tx.prisma.user.count().catch(() => 0)) late.length = 0
        late.push(
          tx.query(
            `insert into users (id, email, name, password_hash, role) values ('later', 'l@x', 'n', 'x', 'ADMIN')`,
          ),
        )
        await Promise.allSettled(late)
      },
      { timeoutMs: 30 },
    )
    await expect(slow).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(late[0]).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await users('late', 'later')).toEqual([])
  })
})

describe('a change', () => {
  const viewer = {
    kind: 'user' as const,
    id: 'usr_1',
    name: 'Ada',
    role: 'ADMIN' as const,
    mustChangePassword: false,
    sessionId: 'ses_1',
    ip: '192.0.2.7',
    userAgent: 'curl',
    requestId: 'req_1',
  }

  it('is written together with its audit entry, and published after both are committed', async () => {
    let published: Promise<string[]> | undefined
    const result = await db.change(viewer, 'user.manage', { kind: 'user' }, async (tx) => {
      const user = await tx.prisma.user.create({ data: makeUser('changed') })
      return {
        result: user.id,
        before: null,
        after: { role: 'VIEWER' },
        target: { kind: 'user', id: user.id },
        publish: () => {
          published = users('changed')
        },
      }
    })
    expect(result).toBe('changed')
    expect(await published).toEqual(['changed'])
    const entry = await db.prisma.auditEntry.findFirstOrThrow({ where: { targetId: 'changed' } })
    expect(entry).toMatchObject({
      actorKind: 'USER',
      actorId: 'usr_1',
      actorName: 'Ada',
      action: 'user.manage',
      targetKind: 'user',
      outcome: 'ALLOWED',
      before: null,
      after: { role: 'VIEWER' },
      ip: '192.0.2.7',
      userAgent: 'curl',
      requestId: 'req_1',
      code: null,
    })
    expect(entry.at).toBeInstanceOf(Date)
  })

  it('that fails leaves neither row nor entry, and publishes nothing', async () => {
    let published = false
    const failing = db.change(viewer, 'user.manage', { kind: 'user', id: 'unchanged' }, async (tx) => {
      await tx.prisma.user.create({ data: makeUser('unchanged') })
      await tx.prisma.user.create({ data: makeUser('unchanged') })
      return { result: 1, publish: () => void (published = true) }
    })
    await expect(failing).rejects.toMatchObject({ code: 'P2002' })
    expect(published).toBe(false)
    expect(await users('unchanged')).toEqual([])
    expect(await db.prisma.auditEntry.count({ where: { targetId: 'unchanged' } })).toBe(0)
  })

  it('stands when publishing throws; the error is told, not thrown', async () => {
    const boom = new Error('nobody listens')
    const result = await db.change(system, 'system.start', { kind: 'console' }, async () => ({
      result: 7,
      publish: () => {
        throw boom
      },
    }))
    expect(result).toBe(7)
    expect(errors).toContain(boom)
  })

  it('is not needed to record a refusal', async () => {
    await db.audit(viewer, {
      action: 'terminal.open',
      target: { kind: 'instance', id: 'ins_x' },
      outcome: 'DENIED',
      code: 'FORBIDDEN',
    })
    expect(await db.prisma.auditEntry.findFirst({ where: { targetId: 'ins_x' } })).toMatchObject({
      outcome: 'DENIED',
      code: 'FORBIDDEN',
    })
  })
})

describe('the rules of the tables', () => {
  const instance = (id: string, name: string) => ({ id, name, publicKey: 'k', thumbprint: id })

  it('let a deleted instance give its name free, and no two living ones share one', async () => {
    const first = await db.prisma.instance.create({ data: instance('ins_a', 'box') })
    await expect(db.prisma.instance.create({ data: instance('ins_b', 'box') })).rejects.toMatchObject({ code: 'P2002' })
    await db.prisma.instance.update({ where: { id: 'ins_a' }, data: { deletedAt: new Date() } })
    const second = await db.prisma.instance.create({ data: instance('ins_b', 'box') })
    expect(second.num).toBeGreaterThan(first.num)
  })

  it("keep a record of an agent once, however often it arrives, and never fold the console's own events together", async () => {
    const { num } = await db.prisma.instance.create({ data: instance('ins_e', 'eventful') })
    const insert = (id: string, run: string | null, seq: number | null) =>
      db.query(
        `insert into events (id, instance_num, run, seq, type, message, at) values ($1, $2, $3, $4, 'ERROR', 'm', now()) on conflict do nothing returning id`,
        [id, num, run, seq],
      )
    const run = '01890a5d-ac96-774b-bcce-b302099a8057'
    expect(await insert('evt_1', run, 1)).toHaveLength(1)
    expect(await insert('evt_2', run, 1)).toHaveLength(0)
    expect(await insert('evt_3', null, null)).toHaveLength(1)
    expect(await insert('evt_4', null, null)).toHaveLength(1)
  })

  it('refuse a sample without a partition, and keep a row of samples within 150 bytes', async () => {
    const insert = (from: string) =>
      db.query(
        `insert into metric_sample (at, run, instance, seq, mem_total, mem_used, mem_cached, mem_available, swap_used, disk_total, disk_used,
           cpu, steal, load1, disk_read, disk_write, net_rx, net_tx)
         select $1::timestamptz + i * interval '1 second', '01890a5d-ac96-774b-bcce-b302099a8057', 1, i, 1, 2, 3, 4, ${from}, 6, 7, 1, 2, 3, 4, 5, 6, 7
         from generate_series(1, 5) i`,
        [new Date('2026-01-05T00:00:00Z')],
      )
    await expect(insert('5')).rejects.toThrow('no partition')
    await db.query(
      `create table metric_sample_20260105 partition of metric_sample for values from ('2026-01-05') to ('2026-01-06')`,
    )
    await insert('5')
    const [row] = await db.query<{ bytes: number }>('select max(pg_column_size(s.*)) as bytes from metric_sample s')
    expect(row?.bytes).toBeLessThanOrEqual(150)
    await db.query('delete from metric_sample')
    await insert('null')
    const [sparse] = await db.query<{ bytes: number }>('select max(pg_column_size(s.*)) as bytes from metric_sample s')
    expect(sparse?.bytes).toBeLessThanOrEqual(150)
  })
})

it('lets timers and sockets have their turn while a queue of queries is served', async () => {
  let turns = 0
  const timer = setInterval(() => (turns += 1), 1)
  await Promise.all(Array.from({ length: 300 }, () => db.query('select count(*) from generate_series(1, 10000)')))
  clearInterval(timer)
  expect(turns).toBeGreaterThan(10)
})

it('tells the time', async () => {
  const beforeMs = Date.now() - 1_000
  const told = await db.timeMs()
  expect(told).toBeGreaterThan(beforeMs)
  expect(told).toBeLessThan(Date.now() + 1_000)
})

it('answers a ping', async () => {
  await expect(db.ping()).resolves.toBeUndefined()
})
