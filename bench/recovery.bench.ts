// How soon all agents are back after their console was killed and started again, and how late its event loop runs meanwhile. `--agents N` for
// another number than 5 000.
import { openWorld } from '@sindri/e2e/kit/world'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { percentile, print } from './kit/report.ts'
import { nowMs } from './kit/role.ts'
import { openRows } from './kit/rows.ts'
import { agentsAsked, createSwarms } from './kit/swarms.ts'
import { cpuMsOf } from './kit/usage.ts'

const AGENTS = agentsAsked(5_000)
const SETTLE_MS = 15_000
/** Until somebody starts it again. */
const AWAY_MS = 3_000
const LOOK_MS = 100
const WITHIN_MS = 120_000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const folder = mkdtempSync(path.join(tmpdir(), 'sindri-recovery-'))
const file = path.join(folder, 'lateness')
writeFileSync(file, '')
const lateness = (fromMs: number, toMs: number): number[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' ').map(Number))
    .filter(([ms = 0]) => ms >= fromMs && ms <= toMs)
    .map(([, late = 0]) => late)

const world = await openWorld({
  SINDRI_ENROL_RATE: '100000',
  NODE_OPTIONS: `--import=${pathToFileURL(path.join(import.meta.dirname, 'recovery/lateness.mjs')).href}`,
  BENCH_LATENESS: file,
})
const rows = await openRows(world.backend.databaseUrl)
try {
  await createSwarms(world, rows).add(AGENTS)
  await pause(SETTLE_MS)
  const quietMs = nowMs()
  await pause(SETTLE_MS)
  const quiet = lateness(quietMs, nowMs())

  const killedAt = await rows.count('select extract(epoch from now())')
  await world.killConsole()
  await pause(AWAY_MS)
  await world.startConsole()
  const listensMs = nowMs()
  const back = (): Promise<number> =>
    rows.count('select count(*) from instances where linked_at > to_timestamp($1)', [killedAt])
  const whenBack = async (share: number): Promise<number> => {
    while ((await back()) < share * AGENTS) {
      if (nowMs() - listensMs > WITHIN_MS)
        throw new Error(`expected ${share * AGENTS} of ${AGENTS} agents back, got ${await back()}`)
      await pause(LOOK_MS)
    }
    return (nowMs() - listensMs) / 1000
  }
  const most = await whenBack(0.99)
  const all = await whenBack(1)
  const cpuMs = cpuMsOf(world.console().pid)
  await pause(1_000)
  const late = lateness(listensMs, listensMs + all * 1000)
  const lost = await rows.count(`select count(*) from events where type = 'HEARTBEAT_LOST'`)
  print({
    bench: `recovery, ${AGENTS} agents`,
    figures: {
      '99 % are back, s': most,
      'all are back, s': all,
      'console, ms of processor per agent': cpuMs / AGENTS,
      'event loop late meanwhile, p99 ms': percentile(late, 0.99),
      'event loop late meanwhile, most ms': percentile(late, 1),
      'told to be lost': lost,
    },
    baselines: {
      'event loop late before, p99 ms': percentile(quiet, 0.99),
      'event loop late before, most ms': percentile(quiet, 1),
    },
    ratios: { 'event loop late meanwhile / before, p99': percentile(late, 0.99) / percentile(quiet, 0.99) },
    goals: [
      { name: '99 % are back, s', figure: most, goal: 10, kind: 'max' },
      { name: 'all are back, s', figure: all, goal: 20, kind: 'max' },
      { name: 'event loop late meanwhile, p99 ms', figure: percentile(late, 0.99), goal: 250, kind: 'max' },
    ],
  })
} finally {
  await rows.end()
  await world.end()
  rmSync(folder, { recursive: true, force: true })
}
