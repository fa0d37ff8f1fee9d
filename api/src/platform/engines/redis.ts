// Carries the bus between replicas through Redis, which may go away and come back: what was missed meanwhile shows as a gap.
import { randomBytes } from 'node:crypto'
import { Fault } from '@sindri/schema/contract/codes'
import { RedisPubSub } from 'graphql-redis-subscriptions'
import { Redis } from 'ioredis'
import type { BusEngine, Upstream } from '../bus.ts'
import type { Clock } from '../clock.ts'
import { createRollCall } from './rollCall.ts'

export interface RedisEngineOptions {
  /** Before every channel, so that several consoles share one Redis. */
  prefix: string
  clock: Clock
  /** Told once per interruption, and of what Redis refused. */
  onError: (error: Error) => void
}

/** Unsent bytes beyond which a Redis that does not take them counts as away. */
const unsentBytes = 16 * 1024 * 1024
const checkMs = 10_000
const answerMs = 5_000
/** A console starts without Redis too, after it has waited this long. */
const firstMs = 3_000
/** A reader waits so long to be known to Redis: beyond, it begins without the other replicas, as while Redis is away. */
const listenMs = 1_000

interface Listener {
  channel: string
  onGap: () => void
}

const connect = (url: string, options: Record<string, unknown>): Redis =>
  // Its two overloads cannot be told apart while the version of RESP is a mere number.
  new (Redis as unknown as new (url: string, options: object) => Redis)(url, {
    connectTimeout: 5_000,
    keepAlive: 10_000,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000) * (0.5 + Math.random() / 2),
    ...options,
  })

const openLane = (
  url: string,
  name: string,
  { prefix, clock, onError }: RedisEngineOptions,
  origin: Buffer,
  onAway: (cause: Error) => void,
) => {
  // A publish is for those who listen now: none is kept for later.
  const named = { connectionName: prefix.replace(/[^\x21-\x7e]/g, '') }
  const publisher = connect(url, {
    ...named,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  })
  // Its channels are subscribed again below, because only what follows that answer may count as heard.
  const subscriber = connect(url, { ...named, autoResubscribe: false, maxRetriesPerRequest: null })
  const unsubscribe = subscriber.unsubscribe.bind(subscriber)
  // The library asks and does not wait; a connection that closes meanwhile would be an unhandled rejection.
  subscriber.unsubscribe = ((...channels: string[]) =>
    unsubscribe(...channels).catch(() => {})) as typeof subscriber.unsubscribe
  subscriber.punsubscribe = async () => {}

  const pubsub = new RedisPubSub({
    publisher,
    subscriber,
    // Buffers are handed on as they are; strings would be tried as JSON.
    messageEventName: 'messageBuffer',
    serializer: (text: string) => text,
  })

  const listeners = new Set<Listener>()
  const interrupt = (all: Iterable<Listener>): void => {
    for (const listener of all) if (listeners.has(listener)) listener.onGap()
  }
  /** All replicas listen here on each lane, by the connection that brings them all else: whoever is not counted hears nothing at all. */
  const replicas = `${prefix}replicas/${name}`
  const rollCall = createRollCall({
    clock,
    origin: origin.toString().trimEnd(),
    say: (text) => publisher.publish(replicas, text),
    onMissed: () => interrupt([...listeners]),
  })
  let away = Promise.withResolvers<void>()
  let closing = false
  let unsent = 0
  /** Goes out once those who listen on this replica have been served: writing to Redis takes as long as answering one of them. */
  let outbox: { channel: string; toText: () => string }[] = []
  let refused = false

  const complain = (what: string, error: unknown): void => {
    if (!closing) onError(new Error(`Redis: ${what}`, { cause: error }))
  }
  const attending = pubsub.subscribe(replicas, (message: Buffer) => rollCall.hear(message.toString()))
  attending.catch((error: unknown) => complain('expected to hear of other replicas, got a refusal', error))
  for (const connection of [publisher, subscriber])
    connection.on('error', (error: Error) => {
      if (!closing) onAway(error)
    })
  subscriber.on('close', () => {
    rollCall.deafen()
    away.resolve()
    away = Promise.withResolvers()
  })
  subscriber.on('ready', async () => {
    const again = [...listeners]
    try {
      await subscriber.subscribe(replicas, ...new Set(again.map((listener) => listener.channel)))
      void rollCall.ask()
      interrupt(again)
    } catch (error) {
      // Interrupted anew: the next "ready" does it. Refused: only a new connection can change it.
      if (subscriber.status === 'ready') {
        complain('expected to subscribe again, got a refusal', error)
        subscriber.disconnect(true)
      }
    }
  })

  // What could not be sent meanwhile was held back as well.
  publisher.on('ready', () => void rollCall.ask())

  const check = clock.every(checkMs, () => {
    void rollCall.ask()
    // A network that swallows packets closes nothing by itself.
    for (const connection of [publisher, subscriber]) {
      if (connection.status !== 'ready') continue
      const late = clock.after(answerMs, () => connection.disconnect(true))
      connection.ping().then(late, late)
    }
  })

  const post = (channel: string, message: string): void => {
    unsent += message.length
    pubsub
      .publish(channel, message)
      .then(
        () => (refused = false),
        (error: unknown) => {
          rollCall.heldBack()
          if (!refused && publisher.status === 'ready') complain('expected to publish, got a refusal', error)
          refused = true
        },
      )
      .finally(() => (unsent -= message.length))
  }
  const flush = (): void => {
    const messages = outbox
    outbox = []
    for (const { channel, toText } of messages) {
      try {
        post(channel, `${origin.toString()}${toText()}`)
      } catch (error) {
        complain('expected a message that can be sent, got another', error)
      }
    }
  }

  return {
    publisher,
    subscriber,

    /** Resolves once the other replicas send what is for this one. */
    async meet(): Promise<void> {
      await attending
      await rollCall.ask()
    },

    send(channel: string, toText: () => string): boolean {
      if (rollCall.alone || publisher.status !== 'ready' || unsent > unsentBytes) {
        rollCall.heldBack()
        return false
      }
      if (outbox.push({ channel: prefix + channel, toText }) === 1) setImmediate(flush)
      return true
    },

    async listen(channel: string, onText: (text: string) => void, onGap: () => void): Promise<Upstream> {
      let ended = false
      const listener: Listener = { channel: prefix + channel, onGap }
      const opening = pubsub.subscribe(listener.channel, (message: Buffer) => {
        if (ended || message.subarray(0, origin.length).equals(origin)) return
        onText(message.toString('utf8', origin.length))
      })
      let heard = false
      let answered = false
      const opened = opening.then(() => {
        heard = true
        if (ended) return
        listeners.add(listener)
        // It was answered while Redis was away or stood still: others may have published since.
        if (answered) onGap()
      })
      const refusal = opened.catch((error: unknown) => {
        if (!ended) complain(`expected to subscribe to ${channel}, got a refusal`, error)
      })
      if (subscriber.status === 'ready') {
        const late = Promise.withResolvers<void>()
        const cancel = clock.after(listenMs, late.resolve)
        await Promise.race([refusal, away.promise, late.promise])
        cancel()
      }
      answered = !heard
      return {
        end() {
          ended = true
          listeners.delete(listener)
          // The library must not be asked before its own subscribing is over.
          opening.then((id) => pubsub.unsubscribe(id)).catch(() => {})
        },
      }
    },

    async close(): Promise<void> {
      closing = true
      check()
      const grace = Promise.withResolvers<void>()
      const cancel = clock.after(1_000, () => grace.resolve())
      // What was published is still sent.
      flush()
      if (publisher.status === 'ready') await Promise.race([publisher.quit().catch(() => {}), grace.promise])
      cancel()
      publisher.disconnect()
      subscriber.disconnect()
    },
  }
}

const ready = (connection: Redis): Promise<void> =>
  connection.status === 'ready'
    ? Promise.resolve()
    : new Promise((resolve) => void connection.once('ready', () => resolve()))

export const openRedisEngine = async (url: string, options: RedisEngineOptions): Promise<BusEngine> => {
  /** Before each message: who sent it. What this replica sent it has delivered itself. */
  const origin = Buffer.from(`${randomBytes(9).toString('base64url')} `)
  /** One Redis, several connections: that it is away is told once, until all of them are back. */
  let told = false
  const onAway = (cause: Error): void => {
    if (told) return
    told = true
    const message = 'Redis: expected a connection, got none; the console goes on without other replicas'
    options.onError(new Error(message, { cause }))
  }
  const open = (name: string) => openLane(url, name, options, origin, onAway)
  const lanes = { notices: open('notices'), frames: open('frames') }
  const all = Object.values(lanes)
  const connections = all.flatMap((lane) => [lane.publisher, lane.subscriber])
  for (const connection of connections)
    connection.on('ready', () => {
      if (connections.every(({ status }) => status === 'ready')) told = false
    })

  const waited = Promise.withResolvers<void>()
  const cancel = options.clock.after(firstMs, () => waited.resolve())
  const met = Promise.all(connections.map(ready)).then(() =>
    Promise.all(all.map((lane) => lane.meet().catch(() => {}))),
  )
  await Promise.race([met, waited.promise])
  cancel()

  return {
    send: (lane, channel, toText) => lanes[lane].send(channel, toText),
    listen: (lane, channel, onText, onGap) => lanes[lane].listen(channel, onText, onGap),
    connected: () => connections.every((connection) => connection.status === 'ready'),
    async ping() {
      try {
        await Promise.all(all.map((lane) => lane.publisher.ping()))
      } catch (cause) {
        throw new Fault('UNAVAILABLE', 'Expected Redis to answer, got nothing.', undefined, { cause })
      }
    },
    async close() {
      await Promise.all(all.map((lane) => lane.close()))
    },
  }
}
