// What happens at twice what the console can take: how much it still commits, what memory it needs, whether terminals and liveness suffer, and
// whether all is stored in the end.
import { openWorld } from '@sindri/e2e/kit/world'
import { setTimeout } from 'node:timers/promises'
import { enrolFleet } from './ingest/fleet.ts'
import { percentile, print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import { openRows } from './kit/rows.ts'
import { usageOf, watchMemory } from './kit/usage.ts'
import { ECHO } from './terminal/echo.ts'
import { writeScript } from './terminal/script.ts'

const AGENTS = 100
const PER_MUTATION = 10
const WARM_S = 4
const CAPACITY_S = 10
const SECONDS = 30
/** Spreads the keys over the load. */
const KEY_EVERY_MS = 20
/** Until what waits for the console is as much as it will be: keys before that would be those of a console at ease. */
const UNTIL_OVERLOADED_MS = 3_000

const world = await openWorld({ SINDRI_ENROL_RATE: '100000' })
const rows = await openRows(world.backend.databaseUrl)
const fleet = await enrolFleet(world, AGENTS)
const page = startRole('terminal/viewer.ts')
try {
  world.startAgent('keys')
  const { id: instanceId } = await world.running('keys')
  await page.ask('signIn', { url: world.url, cookie: (await world.api()).cookie() })
  const script = writeScript(world.folder, 'echo', ECHO)
  const quiet = await page.ask<number[]>('echo', { instanceId, script })

  const warm = await fleet.publish({ perMutation: PER_MUTATION, seconds: WARM_S })
  const full = await fleet.publish({ perMutation: PER_MUTATION, seconds: CAPACITY_S })
  const capacity = full.inTime / CAPACITY_S

  const { pid } = world.console()
  const before = usageOf(pid)
  const most = watchMemory(pid)
  const silent = rows.watchSilent()
  const publishing = fleet.publish({ perMutation: PER_MUTATION, seconds: SECONDS, perSecond: 2 * capacity })
  await setTimeout(UNTIL_OVERLOADED_MS)
  const echoes = await page.ask<number[]>('echo', { instanceId, script, everyMs: KEY_EVERY_MS })
  const over = await publishing
  const grownMiB = most().rssMiB - before.rssMiB
  const falselySilent = silent()
  await page.ask('close')

  const stored = await rows.count(
    `select count(*) from metric_sample join instances on num = instance where name like 'load-%'`,
  )
  const answered = warm.stored + full.stored + over.stored
  const committed = over.inTime / SECONDS
  print({
    bench: `overload, ${PER_MUTATION} samples to a mutation`,
    figures: {
      'capacity, samples/s': capacity,
      'offered, samples/s': 2 * capacity,
      'committed meanwhile, samples/s': committed,
      'mutations told to come again': over.postponed,
      'until the rest was stored, s': over.ms / 1000 - SECONDS,
      'memory beyond before, MiB': grownMiB,
      'echo meanwhile, p50 ms': percentile(echoes, 0.5),
      'echo meanwhile, p99 ms': percentile(echoes, 0.99),
      'taken for silent': falselySilent,
      'answered as stored': answered,
      'rows of these': stored,
    },
    baselines: { 'echo before, p50 ms': percentile(quiet, 0.5), 'echo before, p99 ms': percentile(quiet, 0.99) },
    ratios: { 'committed / capacity': committed / capacity },
    goals: [
      { name: 'committed / capacity', figure: committed / capacity, goal: 0.9, kind: 'min' },
      { name: 'memory beyond before, MiB', figure: grownMiB, goal: 150, kind: 'max' },
      { name: 'echo meanwhile, p99 ms', figure: percentile(echoes, 0.99), goal: 20, kind: 'max' },
      { name: 'taken for silent', figure: falselySilent, goal: 0, kind: 'max' },
      { name: 'rows of those answered as stored', figure: stored / answered, goal: 1, kind: 'min' },
    ],
  })
} finally {
  await Promise.all([fleet.end(), page.end()])
  await rows.end()
  await world.end()
}
