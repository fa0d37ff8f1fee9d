// The wiring diagram of the console: platform, then slices, then http; what starts is ended in the opposite order.
import path from 'node:path'
import type { Ports } from '@sindri/schema'
import { schema } from '@sindri/schema'
import about from '../package.json' with { type: 'json' }
import { createAccess } from './access/access.ts'
import { createAssets } from './http/assets.ts'
import { createFigures } from './http/figures.ts'
import { createGraphiQL } from './http/graphiql.ts'
import { createHealth } from './http/health.ts'
import { BUDGETS, createLimiter } from './http/limits.ts'
import { createOperations } from './http/operations.ts'
import { createOrigins, isLoopback } from './http/origin.ts'
import { createRegister } from './http/register.ts'
import { createHttpServer } from './http/server.ts'
import { createSockets } from './http/sockets.ts'
import { createViewers } from './http/viewer.ts'
import { createGraphQL } from './http/yoga.ts'
import type { Bus } from './platform/bus.ts'
import { type Clock, systemClock } from './platform/clock.ts'
import { type Db, openDb } from './platform/db.ts'
import type { Env } from './platform/env.ts'
import { createIds } from './platform/ids.ts'
import { createJobs } from './platform/jobs.ts'
import { createLog, type Log } from './platform/log.ts'
import { openBus } from './platform/openBus.ts'
import { createStop } from './platform/stop.ts'
import { openEnrolSecret } from './system/enrolSecret.ts'
import { createSystem, nameDatabase } from './system/system.ts'

/** What a test may own itself. Whoever hands over an open database or bus closes it. */
export interface Overrides {
  db?: Db
  bus?: Bus
  clock?: Clock
  log?: Log
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

export const createApp = (env: Env, overrides: Overrides = {}): App => {
  const clock = overrides.clock ?? systemClock
  const log = overrides.log ?? createLog(env.logLevel)
  const ids = createIds(clock)
  const jobs = createJobs({ clock, log })
  const stop = createStop({ clock, log, graceMs: STOP_WITHIN_MS })
  const onError = (error: Error): void => log.error('a part met an error of its own', { error })
  const limiter = (name: keyof typeof BUDGETS) => createLimiter(clock, BUDGETS[name])

  const start = async (): Promise<Started> => {
    // Platform
    const enrolSecret = openEnrolSecret(env.dataDir, env.enrolSecret)
    const db = overrides.db ?? (await openDb(env.databaseUrl, { onError }))
    if (!overrides.db) stop.add('database', () => db.close())
    const migrated = await timed('migrations', () => db.migrate())
    const databaseLabel = await nameDatabase(db)
    const bus = overrides.bus ?? (await timed('bus', () => openBus(env.redisUrl, { clock, onError })))
    if (!overrides.bus) stop.add('bus', () => bus.close())

    // Slices
    let url = ''
    const consoleUrl = (): string => env.publicUrl?.origin ?? url
    const access = createAccess({ db, bus, clock, ids, jobs, log })
    const system = createSystem({
      db,
      clock,
      version: about.version,
      database: databaseLabel,
      bus: env.redisUrl ? 'Redis' : 'memory',
      consoleUrl,
      loopbackOnly: env.publicUrl ? isLoopback(env.publicUrl.hostname) : isLoopback(env.host),
      enrolSecret: enrolSecret.value,
    })
    const { accounts, users, keys, audit, authenticate } = access
    const ports = { accounts, users, keys, audit, system } as Ports
    const links = undefined as never
    stop.add('access', await access.start())

    // Http
    const figures = createFigures()
    const origins = createOrigins(env)
    const failedEnrolments = limiter('failedEnrolments')
    const enrolments = createLimiter(clock, { perSecond: env.enrolRate / 60, burst: env.enrolRate })
    const viewers = createViewers({ authenticate, enrolSecret: enrolSecret.value, enrolments, failedEnrolments })
    const charges = {
      operations: limiter('operations'),
      terminalBytes: limiter('terminalBytes'),
      telemetryRecords: limiter('telemetryRecords'),
      telemetryBytes: limiter('telemetryBytes'),
      frameBytes: limiter('frameBytes'),
    }
    const operations = createOperations({ schema, charges, clock, log, observe: figures.observe })
    const sockets = createSockets({
      operations,
      ports,
      authenticate,
      links,
      bus,
      origins,
      failedSockets: limiter('failedSockets'),
      clock,
      ids,
      log,
    })
    stop.add('sockets', await sockets.start())
    figures.watch({ sockets: sockets.count, bus: bus.stats })
    const health = createHealth({
      database: db,
      bus,
      migrations: () => migrated,
      isStopping: () => stop.stopping,
      clock,
    })
    const graphiql = createGraphiQL()
    const graphql = createGraphQL({
      operations,
      ports,
      viewers,
      graphiql,
      isSecure: ({ req }) => origins.isSecure(req),
    })
    const register = createRegister({ operations, ports, viewers })
    const server = createHttpServer({
      routes: {
        '/graphql': graphql.handle,
        ...graphiql.parts,
        '/api/v1/instances/register': register.handle,
        '/healthz': health.live,
        '/readyz': health.ready,
        '/metrics': (exchange) => figures.handle(exchange, viewers),
      },
      page: createAssets(path.resolve(import.meta.dirname, '../../web/dist')).handle,
      sockets,
      origins,
      clock,
      ids,
      log,
    })
    const port = await server.listen(env.host, env.port)
    stop.add('server', () => server.drain(ANSWER_WITHIN_MS))
    url = `http://${hostFor(env.host)}:${port}`

    // Last, because a one-time password that is made must also be shown.
    const { email, oneTimePassword } = await access.ensureAdmin({
      email: env.adminEmail ?? DEFAULT_ADMIN,
      password: env.adminPassword,
    })
    log.info('the console listens', { url, database: databaseLabel, bus: system.info().bus, version: about.version })
    return { url, adminEmail: email, oneTimePassword, enrolSecretFile: enrolSecret.file, databaseLabel }
  }

  const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const startedMs = clock.monotonicMs()
    const result = await work()
    log.info(`${what} are ready`, { tookMs: Math.round(clock.monotonicMs() - startedMs) })
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

/** An address this machine reaches itself at. */
const hostFor = (host: string): string => {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
