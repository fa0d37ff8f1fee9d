// When samples are taken: stored ones at the agreed interval, live ones while somebody looks, all by the monotonic clock.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Clock, Undo } from '../platform/clock.ts'
import type { ConsoleTime } from '../platform/consoleTime.ts'
import type { Log } from '../platform/log.ts'
import { toSample } from './derive.ts'
import type { Reader, Reading } from './reading.ts'
import type { Sample } from './sample.ts'

export interface Sampling {
  /** A stored sample as soon as it can have rates, such as when the link is up; the interval counts from there. */
  sampleNow(): void
  setIntervalMs(metricsMs: number): void
  /** Live samples until `untilMs`, console time. The fastest order that is alive counts. */
  sampleFaster(order: { everyMs: number; untilMs: number }): void
  stop(): void
}

export interface SamplingOptions {
  clock: Clock
  consoleTime: Pick<ConsoleTime, 'now'>
  log: Log
  reader: Reader
  metricsMs: number
  /** Receives samples for the outbox; `atMs` is console time. */
  onStored(sample: Sample, atMs: number): void
  onLive(sample: Sample, atMs: number): void
}

/** Below this a rate is noise: counters move in steps of 10 ms. */
const minSpanMs = 200
const minLiveMs = 500
const maxOrders = 16
/** An order is renewed while somebody looks, so a longer one is a mistake. */
const maxOrderMs = 10 * LIMITS.liveSampleLeaseMs

export function startSampling(options: SamplingOptions): Sampling {
  const { clock, consoleTime, log, reader } = options
  let { metricsMs } = options
  /** Each kind has its own, so that a stored sample covers its whole interval whoever looks meanwhile. */
  let storedBefore: Reading | null = null
  let liveBefore: Reading | null = null
  let storedDueMs = clock.monotonicMs() + metricsMs
  let liveDueMs = Infinity
  let orders: { everyMs: number; untilMs: number }[] = []
  let undoTimer: Undo = () => {}
  let busy = false
  let stopped = false

  const liveEveryMs = (): number => {
    orders = orders.filter(({ untilMs }) => untilMs > clock.monotonicMs())
    return orders.reduce((least, { everyMs }) => Math.min(least, everyMs), Infinity)
  }

  /** The next point of the cadence; points that passed while reading took its time are left out. */
  const following = (dueMs: number, everyMs: number): number => {
    const now = clock.monotonicMs()
    return dueMs + everyMs > now ? dueMs + everyMs : now + everyMs
  }

  /** Not before rates over it mean something. */
  const ripeMs = (before: Reading | null): number => (before ? before.monotonicMs + minSpanMs : -Infinity)

  function plan(): void {
    undoTimer()
    if (stopped || busy) return
    if (liveEveryMs() === Infinity) {
      liveDueMs = Infinity
      liveBefore = null
    }
    const dueMs = Math.min(Math.max(storedDueMs, ripeMs(storedBefore)), Math.max(liveDueMs, ripeMs(liveBefore)))
    undoTimer = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => void run())
  }

  async function read(): Promise<Reading | null> {
    try {
      return await reader()
    } catch (error) {
      log.error('the machine could not be read', { error })
      return null
    }
  }

  async function run(): Promise<void> {
    const startMs = clock.monotonicMs()
    const wantsStored = Math.max(storedDueMs, ripeMs(storedBefore)) <= startMs
    const wantsLive = liveEveryMs() < Infinity && Math.max(liveDueMs, ripeMs(liveBefore)) <= startMs
    if (!wantsStored && !wantsLive) return plan()
    busy = true
    const atMs = consoleTime.now()
    const reading = await read()
    busy = false
    if (stopped) return
    if (wantsStored) {
      storedDueMs = following(storedDueMs, metricsMs)
      if (reading && storedBefore) options.onStored(toSample(storedBefore, reading), atMs)
      storedBefore = reading ?? storedBefore
    }
    if (wantsLive) {
      // The reading before the first live sample is its own: one of half a minute ago would flatten what is seen now.
      liveDueMs = liveBefore ? following(liveDueMs, liveEveryMs()) : clock.monotonicMs()
      if (reading && liveBefore) options.onLive(toSample(liveBefore, reading), atMs)
      liveBefore = reading ?? liveBefore
    }
    plan()
  }

  /** The first reading, from which the first sample gets its rates. */
  async function prime(): Promise<void> {
    busy = true
    storedBefore = await read()
    busy = false
    plan()
  }

  void prime()

  return {
    sampleNow() {
      storedDueMs = Math.min(storedDueMs, clock.monotonicMs())
      plan()
    },
    setIntervalMs(next) {
      if (next === metricsMs) return
      metricsMs = next
      storedDueMs = Math.min(storedDueMs, clock.monotonicMs() + metricsMs)
      plan()
    },
    sampleFaster({ everyMs, untilMs }) {
      const leftMs = Math.min(maxOrderMs, untilMs - consoleTime.now())
      if (!(leftMs > 0)) return
      const idle = liveEveryMs() === Infinity
      const order = { everyMs: Math.max(minLiveMs, everyMs), untilMs: clock.monotonicMs() + leftMs }
      orders = [...orders, order].slice(-maxOrders)
      liveDueMs = Math.min(liveDueMs, clock.monotonicMs() + (idle ? 0 : order.everyMs))
      plan()
    },
    stop() {
      stopped = true
      undoTimer()
    },
  }
}
