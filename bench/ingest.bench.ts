// How many samples a console takes and commits from 100 agents, one and ten to a mutation, whole ones with a repeat in a hundred; against the
// same rows written by one bare connection, as multi-row inserts and as COPY.
import { openWorld } from '@sindri/e2e/kit/world'
import { copyBare, unnestBare } from './ingest/bare.ts'
import { enrolFleet } from './ingest/fleet.ts'
import { type Goal, print } from './kit/report.ts'
import { usageOf } from './kit/usage.ts'

const AGENTS = 100
const WARM_S = 3
const SECONDS = 10
const BARE_ROWS = 200_000
const KINDS = [
  { name: 'one to a mutation', perMutation: 1, goal: 12_000 },
  { name: 'ten to a mutation', perMutation: 10, goal: 40_000 },
]

const world = await openWorld({ SINDRI_ENROL_RATE: '100000' })
const fleet = await enrolFleet(world, AGENTS)
try {
  const figures: Record<string, number> = {}
  const goals: Goal[] = []
  for (const { name, perMutation, goal } of KINDS) {
    await fleet.publish({ perMutation, seconds: WARM_S })
    const before = usageOf(world.console().pid)
    const { stored, repeated, refused, ms, p50, p99 } = await fleet.publish({ perMutation, seconds: SECONDS })
    const { cpuMs } = usageOf(world.console().pid)
    if (refused > 0 || repeated === 0)
      throw new Error(`expected repeats and no refusal, got ${repeated} repeats and ${refused} refusals`)
    const perSecond = (stored + repeated) / (ms / 1000)
    figures[`${name}, samples/s`] = perSecond
    figures[`${name}, p50 ms`] = p50
    figures[`${name}, p99 ms`] = p99
    figures[`${name}, processor of the console for a sample, ms`] = (cpuMs - before.cpuMs) / (stored + repeated)
    goals.push({ name: `${name}, samples/s`, figure: perSecond, goal, kind: 'min' })
  }
  const { databaseUrl } = world.backend
  const baselines: Record<string, number> = databaseUrl
    ? {
        'bare unnest, rows/s': await unnestBare(databaseUrl, BARE_ROWS),
        'bare COPY, rows/s': await copyBare(databaseUrl, BARE_ROWS),
      }
    : {}
  const ratios = Object.entries(baselines).flatMap(([bare, rows]) =>
    goals.map(({ name, figure }) => [`${name} / ${bare}`, figure / rows] as const),
  )
  print({
    bench: `ingest on ${databaseUrl ? 'PostgreSQL' : 'PGlite'}`,
    figures,
    baselines,
    ratios: Object.fromEntries(ratios),
    goals,
  })
} finally {
  await fleet.end()
  await world.end()
}
