// One of two consoles is without its database for longer than any agent may be silent: the other one judges, and takes nobody for lost.
import { openProxy, type Proxy } from '@sindri/api/testing/proxy'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openBackend } from './kit/backend.ts'
import { until } from './kit/processes.ts'
import { type ConsoleSet, openSet } from './kit/set.ts'

const AGENTS = 6
/** Twenty seconds until the one that does not write counts as gone, thirty of silence to be told as lost, and room. */
const OUTAGE_S = 65

let set: ConsoleSet
let wire: Proxy
let database: pg.Client
beforeAll(async () => {
  const backend = await openBackend()
  wire = await openProxy(backend.databaseUrl as string)
  set = await openSet(2, { backend, env: (index) => (index === 0 ? { DATABASE_URL: wire.url } : {}) })
  database = new pg.Client(backend.databaseUrl as string)
  await database.connect()
  set.startSwarm(AGENTS, '--metrics', '1', '--heartbeat', '2')
})
afterAll(async () => {
  await database.end()
  await set.end()
  await wire.close()
})

interface Row {
  name: string
  replica: string | null
  liveness: string
  last_seen_at: Date
}
const rows = async (): Promise<Row[]> =>
  (await database.query<Row>('select name, replica, liveness, last_seen_at from instances order by name')).rows
const silentOf = (found: Row[]): string[] =>
  found.flatMap(({ name, liveness }) => (liveness === 'ONLINE' ? [] : [`${name} is ${liveness}`]))

it(
  'marks nobody as lost whom the console without a database hears, and writes them again when it can',
  async () => {
    const before = await until('agents at both consoles', async () => {
      const found = await rows()
      const isThere = found.length === AGENTS && silentOf(found).length === 0
      return isThere && new Set(found.map(({ replica }) => replica)).size === 2 && found
    })
    await wire.cut()
    const untilMs = performance.now() + OUTAGE_S * 1000
    while (performance.now() < untilMs) {
      expect(silentOf(await rows())).toEqual([])
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    const meanwhile = await rows()
    const nowMs = Date.now()
    const unwritten = meanwhile.filter(({ last_seen_at }) => nowMs - last_seen_at.getTime() > (OUTAGE_S - 15) * 1000)
    // Else the outage touched nobody, and nothing was shown.
    expect(unwritten.length).toBeGreaterThan(0)
    expect(unwritten.length).toBeLessThan(AGENTS)
    expect(new Set(unwritten.map(({ replica }) => replica)).size).toBe(1)
    // Its agents stayed with it.
    expect(meanwhile.map(({ replica }) => replica)).toEqual(before.map(({ replica }) => replica))

    await wire.mend()
    const fell: string[] = []
    await until(
      'all to be written as heard again',
      async () => {
        const found = await rows()
        fell.push(...silentOf(found))
        return found.every(({ last_seen_at }) => Date.now() - last_seen_at.getTime() < 10_000)
      },
      60_000,
    )
    expect(fell).toEqual([])
    const { rows: told } = await database.query(`select type from events where type like 'HEARTBEAT%'`)
    expect(told).toEqual([])
  },
  (OUTAGE_S + 100) * 1000,
)
