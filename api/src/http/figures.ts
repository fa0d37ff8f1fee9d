// What the console says of itself to Prometheus (/metrics): its process, its sockets, and each operation by name and outcome.
import { RECORD_OUTCOMES } from '@sindri/schema'
import { Fault } from '@sindri/schema/contract/codes'
import { can } from '@sindri/schema/contract/roles'
import client from 'prom-client'
import type { CountRecords } from '../platform/records.ts'
import { type Exchange, sendText } from './exchange.ts'
import type { Observe } from './operations.ts'
import { isLoopback } from './origin.ts'
import type { Viewers } from './viewer.ts'

/** What is read when somebody asks. */
export interface FiguresDeps {
  sockets(): Record<string, number>
  streams(): number
  /** Of records that wait to be read. */
  unreadBytes(): number
  /** Records that were read and are not stored yet. */
  waiting(): number
  /** Open ones, of all replicas. */
  terminals(): Promise<number>
  bus(): { channels: number; readers: number; dropped: number; connected: boolean }
}

/** From a cached read to the longest a terminal may take to open. */
const SECONDS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

export interface Figures {
  observe: Observe
  count: CountRecords
  /** Once the parts that are counted exist. */
  watch(deps: FiguresDeps): void
  /** Open to this machine itself, to users and to keys. */
  to(viewers: Viewers): (exchange: Exchange) => Promise<void>
}

export const createFigures = (): Figures => {
  const registry = new client.Registry()
  client.collectDefaultMetrics({ register: registry })
  const operations = new client.Histogram({
    name: 'sindri_operation_seconds',
    help: 'Time to answer a GraphQL operation, or to begin a subscription, by root field and fault code.',
    labelNames: ['operation', 'type', 'outcome'],
    buckets: SECONDS,
    registers: [registry],
  })

  const records = new client.Counter({
    name: 'sindri_records_total',
    help: 'Records of agents by stream and what became of them.',
    labelNames: ['stream', 'outcome'],
    registers: [registry],
  })

  const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
    registry.registerMetric(
      new client.Gauge({
        name,
        help,
        registers: [],
        async collect() {
          try {
            this.set(await read())
          } catch {
            // What is not known now must not keep the rest from being known.
            this.set(NaN)
          }
        },
      }),
    )
  }

  return {
    observe({ roots, type }, outcome, tookMs) {
      // Named by the schema, not by the caller: a caller could make up names without end.
      operations.observe({ operation: roots[0] ?? '', type, outcome }, tookMs / 1000)
    },

    count(stream, { outcomes }) {
      for (const outcome of RECORD_OUTCOMES) {
        const count = outcomes.reduce((sum, each) => sum + Number(each === outcome), 0)
        if (count > 0) records.inc({ stream, outcome }, count)
      }
    },

    watch({ sockets, streams, unreadBytes, waiting, terminals, bus }) {
      registry.registerMetric(
        new client.Gauge({
          name: 'sindri_sockets',
          help: 'Open WebSockets by principal; those of agents are their links.',
          labelNames: ['kind'],
          registers: [],
          collect() {
            for (const [kind, count] of Object.entries(sockets())) this.set({ kind }, count)
          },
        }),
      )
      gauge('sindri_streams', 'Open event streams of users and keys.', streams)
      gauge('sindri_records_unread_bytes', 'Messages with records that wait to be read.', unreadBytes)
      gauge('sindri_records_waiting', 'Samples that were read and are not stored yet.', waiting)
      gauge('sindri_terminals_open', 'Terminals that are not closed, of all replicas.', terminals)
      gauge('sindri_bus_channels', 'Channels of the bus that somebody reads.', () => bus().channels)
      gauge('sindri_bus_readers', 'Readers of the bus.', () => bus().readers)
      gauge('sindri_bus_connected', '1 while the bus reaches other replicas.', () => Number(bus().connected))
      registry.registerMetric(
        new client.Counter({
          name: 'sindri_bus_dropped_total',
          help: 'Messages of the bus that gave way to newer ones because a reader was slow.',
          registers: [],
          collect() {
            this.reset()
            this.inc(bus().dropped)
          },
        }),
      )
    },

    to: (viewers) => async (exchange) => {
      const { req, origin } = exchange
      // Behind a proxy on this machine everybody would look local: then the forwarded address counts.
      if (!isLoopback(origin.ip) || req.headers['x-forwarded-for'] !== undefined) {
        const viewer = await viewers.of(req, origin)
        if (!can(viewer, 'instance.read'))
          throw new Fault('UNAUTHENTICATED', 'Figures are for this machine, signed-in users and API keys.')
      }
      sendText(exchange, 200, registry.contentType, await registry.metrics())
    },
  }
}
