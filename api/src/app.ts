// The wiring diagram of the console: platform, then slices, then http; what starts is ended in the opposite order.
import type { Ports } from '@sindri/schema'
import about from '../package.json' with { type: 'json' }
import { createAccess, ENDED_SESSION_DAYS } from './access/access.ts'
import { createAgents } from './agents/agents.ts'
import { createCommands } from './commands/commands.ts'
import { createEvents, EVENTS_KEPT_MS } from './events/events.ts'
import { createFleet } from './fleet/fleet.ts'
import { type Address, addressOf } from './http/address.ts'
import { createFigures } from './http/figures.ts'
import { createHttp } from './http/http.ts'
import { createInstances } from './instances/instances.ts'
import { HOURS_KEPT_MS } from './metrics/buckets.ts'
import { createMetrics } from './metrics/metrics.ts'
import type { Bus } from './platform/bus.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { createDatabaseClock } from './platform/databaseClock.ts'
import { type Db, openDb } from './platform/db.ts'
import type { Env } from './platform/env.ts'
import { createIds } from './platform/ids.ts'
import { createJobs } from './platform/jobs.ts'
import { createLog, type Log } from './platform/log.ts'
import { busPrefix } from './platform/busPrefix.ts'
import { openBus } from './platform/openBus.ts'
import { createReadiness } from './platform/readiness.ts'
import { createStop } from './platform/stop.ts'
import { openEnrolSecret } from './system/enrolSecret.ts'
import { settingsOf } from './system/settings.ts'
import { createSystem, nameDatabase } from './system/system.ts'
import { createViews } from './views/views.ts'
import { createTerminals, type TerminalsService } from './terminals/terminals.ts'

/** What a test may own itself. Whoever hands over an open database or bus closes it. */
export interface Overrides {
  db?: Db
  bus?: Bus
  clock?: Clock
  log?: Log
  /** Told of each part of the start as it begins. */
  onStep?: (name: string) => void
}

export interface Started {
  /** Where it listens, for this machine. */
  url: string
  adminEmail: string
  oneTimePassword: string | null
  enrolSecretFile: string
  databaseLabel: string
}

export interface App {
  start(): Promise<Started>
  /** Lets what was begun end, within five seconds. */
  stop(): Promise<void>
}

const DEFAULT_ADMIN = 'admin@sindri.local'
const STOP_WITHIN_MS = 4_500
const ANSWER_WITHIN_MS = 3_000
const DAY_MS = 86_400_000

export const createApp = (env: Env, overrides: Overrides = {}): App => {
  const own = createDatabaseClock(systemClock)
  const clock = overrides.clock ?? own
  const log = overrides.log ?? createLog(env.logLevel)
  const ids = createIds(clock)
  const jobs = createJobs({ clock, log })
  const stop = createStop({ clock, log, graceMs: STOP_WITHIN_MS })
  const onError = (error: Error): void => log.error('a part met an error of its own', { error })

  const start = async (): Promise<Started> => {
    // Platform
    const { value: enrolSecret, file: enrolSecretFile } = openEnrolSecret(env.dataDir, env.enrolSecret)
    const db = overrides.db ?? (await timed('open database', () => openDb(env.databaseUrl, { onError })))
    if (!overrides.db) stop.add('database', () => db.close())
    await timed('migrate database', () => db.migrate())
    if (!overrides.clock) stop.add('clock', await own.follow(() => db.timeMs(), log))
    const databaseLabel = await nameDatabase(db)
    const prefix = await busPrefix(db)
    const bus = overrides.bus ?? (await timed('open bus', () => openBus(env.redisUrl, { prefix, clock, onError })))
    if (!overrides.bus) stop.add('bus', () => bus.close())

    // Slices
    overrides.onStep?.('start services')
    const platform = { db, bus, clock, ids, jobs, log }
    let address: Address = addressOf(env.host, env.port, env.publicUrl)
    const consoleVersion = about.version
    const linkUrl = (): string => `${address.outside.replace(/^http/, 'ws')}/graphql`
    const access = createAccess(platform)
    const figures = createFigures()
    const { count } = figures
    const events = createEvents({ ...platform, count })
    const replica = ids.make('replica')
    const agents = createAgents({ ...platform, recordEvents: events.record, replica, consoleVersion, linkUrl })
    const { order, linkOf, inboxOf, links, endLinks } = agents
    const metrics = createMetrics({ ...platform, order, count, retentionDays: env.metricsRetentionDays })
    // Each asks the other: whose instance it is, and which terminals end with it.
    const instances = createInstances({ ...platform, endLinks, closeTerminals: (id) => terminals.closeInstance(id) })
    const terminals: TerminalsService = createTerminals({
      ...platform,
      order,
      linkOf,
      instanceOf: (viewer, id) => instances.one(viewer, id),
    })
    const commanding = createCommands({ ...platform, inboxOf, instanceOf: (viewer, id) => instances.one(viewer, id) })
    const readiness = createReadiness({ database: db, bus, isStopping: () => stop.stopping, clock, log })
    const fleet = createFleet(platform)
    const views = createViews({ ...platform, count: (viewer, list) => instances.count(viewer, list) })
    const system = createSystem({
      db,
      clock,
      version: consoleVersion,
      database: databaseLabel,
      bus: env.redisUrl ? 'Redis' : 'memory',
      address: () => address,
      enrolSecret,
      readiness,
      settings: {
        variables: settingsOf(env),
        retention: {
          sampleDays: env.metricsRetentionDays,
          rollupDays: HOURS_KEPT_MS / DAY_MS,
          eventDays: EVENTS_KEPT_MS / DAY_MS,
          endedSessionDays: ENDED_SESSION_DAYS,
        },
      },
    })
    const { accounts, users, keys, audit, authenticate } = access
    const ports: Ports = {
      accounts,
      users,
      keys,
      audit,
      instances,
      agents,
      metrics,
      events,
      fleet,
      terminals,
      commands: commanding.commands,
      commandReports: commanding.reports,
      views,
      system,
    }
    stop.add('access', await access.start())
    stop.add('events', events.start())
    stop.add('metrics', await metrics.start())
    stop.add('agents', await agents.start())
    stop.add('terminals', await terminals.start())
    stop.add('commands', await commanding.start())

    // Http
    const http = createHttp({
      ...platform,
      env,
      ports,
      authenticate,
      links,
      enrolSecret,
      figures,
      counts: {
        waiting: metrics.waiting,
        terminals: () => db.prisma.terminal.count({ where: { state: { not: 'CLOSED' } } }),
      },
      readiness,
    })
    stop.add('sockets', await http.start())
    address = addressOf(env.host, await http.listen(env.host, env.port), env.publicUrl)
    stop.add('server', () => http.drain(ANSWER_WITHIN_MS))
    const { local: url, outside } = address

    // Last, because a one-time password that is made must also be shown.
    const { email: adminEmail, oneTimePassword } = await access.ensureAdmin({
      email: env.adminEmail ?? DEFAULT_ADMIN,
      password: env.adminPassword,
    })
    log.info('the console listens', {
      url,
      outside,
      database: databaseLabel,
      bus: system.info().bus,
      version: consoleVersion,
      tookMs: took,
    })
    // Behind whoever waits for the console to be ready.
    stop.add(
      'loading',
      clock.after(
        0,
        () => void http.warm().catch((error: unknown) => log.error('GraphQL could not be loaded', { error })),
      ),
    )
    return { url, adminEmail, oneTimePassword, enrolSecretFile, databaseLabel }
  }

  const took: Record<string, number> = {}
  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const startedMs = clock.monotonicMs()
    overrides.onStep?.(what)
    const result = await work()
    took[what] = Math.round(clock.monotonicMs() - startedMs)
    return result
  }

  return {
    async start() {
      try {
        return await start()
      } catch (error) {
        await stop.stop()
        throw error
      }
    },
    stop: async () => void (await stop.stop()),
  }
}
