// The edge, wired: one server whose routes, sockets and limits share who may ask what.
import path from 'node:path'
import { type Ports, schema } from '@sindri/schema'
import type { Bus } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Env } from '../platform/env.ts'
import type { Ids } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import type { Readiness } from '../platform/readiness.ts'
import type { Links } from './admission.ts'
import { createAssets } from './assets.ts'
import { createConnections } from './connections.ts'
import type { Figures, FiguresDeps } from './figures.ts'
import { createGraphiQL } from './graphiql.ts'
import { createHealth } from './health.ts'
import { createLane } from './lane.ts'
import { BUDGETS, createLimiter } from './limits.ts'
import { createOperations } from './operations.ts'
import { createOrigins } from './origin.ts'
import { createRegister } from './register.ts'
import { createHttpServer, type HttpServer } from './server.ts'
import { createSockets } from './sockets.ts'
import { createStreams } from './streams.ts'
import { type Authenticate, createViewers } from './viewer.ts'
import { createGraphQL } from './yoga.ts'

export interface HttpDeps {
  env: Pick<Env, 'host' | 'publicUrl' | 'trustedProxies' | 'enrolRate'>
  ports: Ports
  authenticate: Authenticate
  links: Links
  enrolSecret: string
  figures: Figures
  /** What other parts count. */
  counts: Omit<FiguresDeps, 'sockets' | 'streams' | 'unreadBytes' | 'bus'>
  bus: Bus
  clock: Clock
  ids: Ids
  log: Log
  readiness: () => Promise<Readiness>
}

export interface Http extends HttpServer {
  /** Begins to watch over sockets and streams; the undo ends that. */
  start(): Promise<() => Promise<void>>
  /** Loads what the first request needs. */
  warm(): Promise<void>
}

const WEB = path.resolve(import.meta.dirname, '../../../web/dist')

export const createHttp = (deps: HttpDeps): Http => {
  const { env, ports, authenticate, links, enrolSecret, figures, counts, bus, clock, ids, log, readiness } = deps
  const limiter = (name: keyof typeof BUDGETS) => createLimiter(clock, BUDGETS[name])
  const enrolments = createLimiter(clock, { perSecond: env.enrolRate / 60, burst: env.enrolRate })
  const charges = {
    operations: limiter('operations'),
    terminalBytes: limiter('terminalBytes'),
    telemetryRecords: limiter('telemetryRecords'),
    telemetryBytes: limiter('telemetryBytes'),
    frameBytes: limiter('frameBytes'),
  }

  const origins = createOrigins(env)
  const failedEnrolments = limiter('failedEnrolments')
  const viewers = createViewers({ authenticate, enrolSecret, enrolments, failedEnrolments })
  const operations = createOperations({ schema, charges, clock, log, observe: figures.observe })
  const failedSockets = limiter('failedSockets')
  const connections = createConnections({ authenticate, bus, clock, log })
  const lane = createLane(clock)
  const sockets = createSockets({
    operations,
    lane,
    ports,
    connections,
    authenticate,
    links,
    origins,
    failedSockets,
    clock,
    ids,
    log,
  })
  const streams = createStreams({ operations, connections, clock })
  figures.watch({
    ...counts,
    sockets: sockets.count,
    streams: streams.count,
    unreadBytes: lane.waitingBytes,
    bus: bus.stats,
  })

  const health = createHealth(readiness)
  const graphiql = createGraphiQL()
  const isSecure = ({ req }: Parameters<typeof health.live>[0]): boolean => origins.isSecure(req)
  const graphql = createGraphQL({ operations, ports, viewers, streams, graphiql, isSecure })
  const register = createRegister({ operations, ports, viewers })
  const routes = {
    '/graphql': graphql.handle,
    ...graphiql.parts,
    '/api/v1/instances/register': register.handle,
    '/healthz': health.live,
    '/readyz': health.ready,
    '/metrics': figures.to(viewers),
  }
  const server = createHttpServer({
    routes,
    page: createAssets(WEB).handle,
    upgrade: sockets.upgrade,
    drain: connections.drain,
    origins,
    clock,
    ids,
    log,
  })
  return { ...server, start: connections.start, warm: graphql.warm }
}
