import type { AgentViewer, MetricPage, MetricsArgs, SampleInput } from '@sindri/schema'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { backend } from '../testing/backend.ts'
import { makeAgent, openMetrics, run, viewer, type TestMetrics } from '../testing/metrics.ts'
import { rollUp } from './rollups.ts'
import { chooseStep } from './series.ts'

let t: TestMetrics
let agent: AgentViewer
beforeAll(async () => {
  t = await openMetrics()
})
afterAll(() => t.close())
beforeEach(async () => {
  agent = await makeAgent(t.db)
})

const hourMs = 3_600_000
const series = (args: Partial<MetricsArgs> & { from: Date; to: Date }) =>
  t.metrics.series(viewer, { instanceId: agent.id, ...args })
const near = (value: number) => expect.closeTo(value, 9) as number
const roll = () => rollUp({ db: t.db, clock: t.clock })

/** Points computed in the plainest way from all samples: what every answer must equal. */
const naive = (samples: readonly SampleInput[], from: Date, to: Date, stepMs: number) => {
  const first = Math.floor(from.getTime() / stepMs) * stepMs
  const end = Math.floor((to.getTime() - 1) / stepMs) * stepMs + stepMs
  const bySlot = Map.groupBy(samples, ({ at }) => Math.floor(Date.parse(at as string) / stepMs) * stepMs)
  const stat = (values: (number | null | undefined)[]) => {
    const known = values.filter((value) => typeof value === 'number')
    if (known.length === 0) return null
    return {
      avg: near(known.reduce((sum, value) => sum + value, 0) / known.length),
      min: Math.min(...known),
      max: Math.max(...known),
    }
  }
  return [...bySlot.entries()]
    .filter(([slot]) => slot >= first && slot < end)
    .sort(([a], [b]) => a - b)
    .map(([slot, inSlot]) => ({
      at: new Date(slot),
      count: inSlot.length,
      cpuPercent: stat(inSlot.map(({ cpu }) => cpu?.usagePercent as number | null)),
      memoryUsed: stat(inSlot.map(({ memory }) => memory?.used as number | null)),
      networkReceiveRate: stat(inSlot.map(({ network }) => network?.[0]?.rxBytesPerSecond as number | null)),
      stealPercent: null,
    }))
}
const pointsOf = (page: MetricPage) => page.edges.map(({ node }) => node)

describe('a series', () => {
  it('is the same as from all samples, whatever the order and lateness of their arrival and the moments of the rollup', async () => {
    const spanMs = 26 * hourMs
    const figure = (max: number) => fc.option(fc.integer({ min: 0, max }), { freq: 4 })
    const samples = fc
      .array(
        fc.record({
          agoMs: fc.integer({ min: 0, max: spanMs }),
          percent: figure(100),
          used: figure(1e9),
          rx: figure(1e6),
        }),
        {
          minLength: 1,
          maxLength: 80,
        },
      )
      .map((all) =>
        all.map(({ agoMs, percent, used, rx }, i) => ({
          ...t.sample(i + 1, agoMs, {
            cpu: percent === null ? null : { usagePercent: Math.fround(percent / 7) <= 100 ? percent : 0 },
            memory: { used },
            network: rx === null ? null : [{ name: 'eth0', rxBytesPerSecond: rx }],
          }),
        })),
      )
    const story = samples.chain((all) =>
      fc.record({
        all: fc.constant(all),
        // Calls in any order, with repeats; true: the rollup runs in the same moment.
        calls: fc.array(fc.tuple(fc.subarray(all, { minLength: 1 }), fc.boolean()), { maxLength: 6 }),
        late: fc.subarray(all),
        zoom: fc.integer({ min: 60_000, max: spanMs }),
      }),
    )
    await fc.assert(
      fc.asyncProperty(story, async ({ all, calls, late, zoom }) => {
        agent = await makeAgent(t.db)
        for (const [records, alsoRoll] of calls) {
          await Promise.all([
            t.metrics.publish(agent, records.toReversed()),
            alsoRoll && roll(),
            t.metrics.publish(agent, records.slice(0, 3)),
          ])
        }
        await Promise.all([
          roll(),
          t.metrics.publish(
            agent,
            all.filter((each) => !late.includes(each)),
          ),
          roll(),
        ])
        await roll()
        if (late.length > 0) await Promise.all([t.metrics.publish(agent, late), roll()])

        const to = new Date(t.clock.now() + 1)
        const from = new Date(t.clock.now() - zoom)
        for (const stepSeconds of [60, 300, 900, 3600, 7200, 86_400]) {
          const page = await series({ from, to, stepSeconds })
          expect(pointsOf(page)).toEqual(
            naive(all, from, to, stepSeconds * 1000).map((point) => expect.objectContaining(point) as unknown),
          )
          expect(page.hasNextPage).toBe(false)
        }
        await roll()
        const page = await series({ from, to, stepSeconds: 3600 })
        expect(pointsOf(page)).toEqual(
          naive(all, from, to, hourMs).map((point) => expect.objectContaining(point) as unknown),
        )
      }),
      { numRuns: 12 },
    )
  })

  it('reads rollups where buckets are clean, and samples where they are dirty or open', async () => {
    await t.metrics.publish(agent, [t.sample(1, 3 * hourMs), t.sample(2, 0)])
    await roll()
    // Falsified rollups show who was asked.
    await t.db.query('update metric_rollup set cpu_sum = 77 * cpu_n, cpu_max = 99 where instance = $1', [agent.num])
    const range = { from: new Date(t.clock.now() - 4 * hourMs), to: new Date(t.clock.now() + 1) }
    const avg = async (stepSeconds: number) =>
      pointsOf(await series({ ...range, stepSeconds })).map(({ cpuPercent }) => cpuPercent?.avg)
    expect([await avg(60), await avg(300), await avg(3600)]).toEqual([
      [10, 10],
      [77, 10],
      [77, 10],
    ])
    await t.metrics.publish(agent, [t.sample(3, 3 * hourMs - 1000)])
    expect([await avg(300), await avg(3600)]).toEqual([
      [10, 10],
      [10, 10],
    ])
    await roll()
    expect([await avg(300), await avg(3600)]).toEqual([
      [10, 10],
      [10, 10],
    ])
    expect((await series({ ...range, stepSeconds: 60 })).source).toBe('SAMPLES')
    expect((await series({ ...range, stepSeconds: 300 })).source).toBe('ROLLUPS')
  })

  it('leaves times without samples out: a gap is no line', async () => {
    await t.metrics.publish(agent, [t.sample(1, 50 * 60_000), t.sample(2, 10 * 60_000)])
    const page = await series({ from: new Date(t.clock.now() - hourMs), to: new Date(t.clock.now()) })
    expect(page.edges).toHaveLength(2)
    expect(page.stepSeconds).toBe(30)
  })

  it('is paged by cursor, each point once, in order', async () => {
    await t.metrics.publish(
      agent,
      Array.from({ length: 200 }, (_, i) => t.sample(i + 1, i * 30_000)),
    )
    const range = { from: new Date(t.clock.now() - 2 * hourMs), to: new Date(t.clock.now() + 1) }
    for (const stepSeconds of [30, 300]) {
      const whole = await series({ ...range, stepSeconds })
      const seen: Date[] = []
      for (let after: string | null = null; ;) {
        const page: MetricPage = await series({ ...range, stepSeconds, first: 7, after })
        seen.push(...pointsOf(page).map(({ at }) => at))
        after = page.edges.at(-1)?.cursor ?? null
        if (!page.hasNextPage) break
        expect(page.edges).toHaveLength(7)
      }
      expect(seen).toEqual(pointsOf(whole).map(({ at }) => at))
    }
  })

  it('goes on after a page that was cut because of its many samples', async () => {
    const start = Math.floor(t.clock.now() / hourMs) * hourMs - hourMs
    // 12 000 samples a point: a read of 20 000 ends in the midst of the second.
    await t.db.query(
      `insert into metric_sample (instance, run, seq, at, cpu) select $1, '01890a5d-ac96-774b-bcce-b302099a8057', i,
         $2::timestamptz + (i / 100) * interval '1 second', 1 from generate_series(0, 35999) i`,
      [agent.num, new Date(start)],
    )
    const counts: number[][] = []
    for (let after: string | null = null, more = true; more;) {
      const page: MetricPage = await series({
        from: new Date(start),
        to: new Date(start + hourMs),
        stepSeconds: 120,
        after,
      })
      counts.push(pointsOf(page).map(({ count }) => count))
      after = page.edges.at(-1)?.cursor ?? null
      more = page.hasNextPage
    }
    expect(counts).toEqual([[12_000], [12_000], [12_000]])
    // A single point of more samples than that is read whole.
    const [flood] = pointsOf(await series({ from: new Date(start), to: new Date(start + hourMs), stepSeconds: 240 }))
    expect(flood?.count).toBe(24_000)
  })

  it('answers absurd ranges with what there is', async () => {
    await t.metrics.publish(agent, [t.sample(1)])
    const all = await series({ from: new Date('0000-01-01T00:00:00Z'), to: new Date('9999-12-31T00:00:00Z') })
    expect(pointsOf(all)).toHaveLength(1)
    expect(
      (await series({ from: new Date('0000-01-01T00:00:00Z'), to: new Date('0000-01-02T00:00:00Z') })).edges,
    ).toEqual([])
    expect(
      (await series({ from: new Date('9999-01-01T00:00:00Z'), to: new Date('9999-01-02T00:00:00Z'), stepSeconds: 1 }))
        .edges,
    ).toEqual([])
  })

  it('refuses what cannot be answered, and says what was expected', async () => {
    const range = { from: new Date(t.clock.now() - hourMs), to: new Date(t.clock.now()) }
    const wrong: [Partial<MetricsArgs>, string, string][] = [
      [{ stepSeconds: 0 }, 'BAD_INPUT', 'stepSeconds'],
      [{ stepSeconds: -300 }, 'BAD_INPUT', 'stepSeconds'],
      [{ stepSeconds: 301 }, 'BAD_INPUT', 'stepSeconds'],
      [{ stepSeconds: 86_700 }, 'BAD_INPUT', 'stepSeconds'],
      [{ first: 0 }, 'BAD_INPUT', 'first'],
      [{ first: 2001 }, 'BAD_INPUT', 'first'],
      [{ after: 'nonsense' }, 'BAD_INPUT', 'after'],
      [{ after: Buffer.from('[-1]').toString('base64url') }, 'BAD_INPUT', 'after'],
      [{ after: Buffer.from('[1e300]').toString('base64url') }, 'BAD_INPUT', 'after'],
      [{ to: range.from }, 'BAD_INPUT', 'to'],
    ]
    for (const [args, code, field] of wrong) {
      await expect(series({ ...range, ...args }), JSON.stringify(args)).rejects.toMatchObject({
        code,
        details: { field },
      })
    }
    await expect(series({ ...range, instanceId: 'ins_\0' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await t.db.query('update instances set deleted_at = now() where num = $1', [agent.num])
    await expect(series(range)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

it('the width of points follows the range: never more than 300, never narrower than samples come', () => {
  const step = (rangeMs: number, metricsMs = 30_000) => chooseStep(1e12 + 1, 1e12 + rangeMs, metricsMs)
  expect([step(300_000), step(hourMs), step(6 * hourMs), step(24 * hourMs), step(7 * 24 * hourMs)]).toEqual([
    30, 30, 120, 300, 3600,
  ])
  expect([step(60_000, 1000), step(hourMs, 1000), step(hourMs, 600_000)]).toEqual([1, 15, 600])
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 * 24 * hourMs }),
      fc.integer({ min: 0, max: 1e12 }),
      (rangeMs, firstMs) => {
        const stepMs = 1000 * chooseStep(firstMs, firstMs + rangeMs, 1000)
        expect(Math.floor((firstMs + rangeMs) / stepMs) - Math.floor(firstMs / stepMs) + 1).toBeLessThanOrEqual(300)
      },
    ),
  )
})

it('the rollup leaves buckets alone that are still open, and repeats change nothing', async () => {
  const start = Math.ceil(t.clock.now() / 300_000) * 300_000
  // Not by advancing: the job would come round beside the test.
  t.clock.jumpWall(start + 60_000 - t.clock.now())
  await t.metrics.publish(agent, [t.sample(1), t.sample(2, 120_000)])
  const dirty = () => t.db.query<{ bucket: Date }>('select bucket from metric_dirty where instance = $1', [agent.num])
  await roll()
  expect(await dirty()).toEqual([{ bucket: new Date(start) }])
  t.clock.jumpWall(300_000)
  await roll()
  expect(await dirty()).toEqual([])
  const rows = () => t.db.query('select * from metric_rollup where instance = $1 order by step, bucket', [agent.num])
  const before = await rows()
  await t.metrics.publish(agent, [{ ...t.sample(1, 300_000), run }])
  await roll()
  expect(await rows()).toEqual(before)
})

it('a sample that arrives while its bucket is being rolled up leaves a mark for the next time', async () => {
  await t.metrics.publish(agent, [t.sample(1, hourMs)])
  const locked = Promise.withResolvers<void>()
  let over = false
  const publishing = locked.promise
    .then(() => t.metrics.publish(agent, [t.sample(2, hourMs)]))
    .finally(() => (over = true))
  await t.db.tx(async ({ query }) => {
    await query('select 1 from metric_dirty where instance = $1 for update skip locked', [agent.num])
    locked.resolve()
    const waits = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    while (backend === 'services' && !over && (await query(waits)).length === 0)
      await query('select pg_stat_clear_snapshot()')
    await query('delete from metric_dirty where instance = $1', [agent.num])
  })
  await publishing
  expect(await t.db.query('select bucket from metric_dirty where instance = $1', [agent.num])).toHaveLength(1)
})
