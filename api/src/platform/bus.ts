// The bus: values from whoever publishes to whoever listens at that moment, on this replica directly and on the others through an engine.
import { Fault } from '@sindri/schema/contract/codes'
import { channel as diagnostics } from 'node:diagnostics_channel'
import { createQueue } from './queue.ts'
import type { Queue } from './queue.ts'
import { messageBytes, type Topic } from './topics.ts'

/** Something may have been missed: read again. */
export const gap = Symbol('gap')
export type Gap = typeof gap

export interface Subscription<T> extends AsyncIterableIterator<T | Gap, undefined, undefined> {
  /** Nothing is delivered after it. */
  return(): Promise<IteratorReturnResult<undefined>>
}

export interface Bus {
  /**
   * Never waits and never throws for the far side: while it is away, only this replica hears. False: certainly nobody hears it, as there is
   * no reader here and no other replica within reach.
   */
  publish<T>(topic: Topic<T>, key: string, value: T): boolean
  /**
   * Resolves once a publish would be seen; while the far side is away or stands still, a gap tells from when on it is. Of several keys: whatever
   * comes for any of them, within one bound. Values of one key arrive in the order in which a replica published them; treat them as read-only.
   */
  subscribe<T>(topic: Topic<T>, keys: string | readonly string[]): Promise<Subscription<T>>
  /** For the console's own metrics. */
  stats(): { channels: number; readers: number; dropped: number; connected: boolean }
  /** Resolves when the engine answers; rejects with UNAVAILABLE when it does not. */
  ping(): Promise<void>
  /** Ends every subscription. */
  close(): Promise<void>
}

export interface Upstream {
  /** Resolves once nothing more arrives. */
  end(): void
}

/** The way to other replicas. It carries strings, and never brings back what this replica sent. */
export interface BusEngine {
  /** False: it reaches nobody. The text may be asked for later than this returns; one that cannot be had is told to `onError` of the engine. */
  send(lane: Topic<never>['lane'], channel: string, toText: () => string): boolean
  /** `onGap` runs after an interruption, once messages arrive again. */
  listen(
    lane: Topic<never>['lane'],
    channel: string,
    onText: (text: string) => void,
    onGap: () => void,
  ): Promise<Upstream>
  connected(): boolean
  ping(): Promise<void>
  close(): Promise<void>
}

export interface BusDeps {
  engine: BusEngine
  onError: (error: Error) => void
}

/** Tells whoever measures from outside of each message, before anything is done with it; where nobody does, it costs nothing. */
const published = diagnostics('sindri.bus.publish')

const encode = <T>(topic: Topic<T>, value: T): string => {
  const text = topic.encode(value)
  const bytes = Buffer.byteLength(text)
  if (bytes <= messageBytes) return text
  throw new RangeError(`${topic.name}: expected a message of at most ${messageBytes} bytes, got ${bytes}.`)
}

interface Channel {
  readers: Set<Queue<unknown>>
  upstream: Promise<Upstream>
}

export const createBus = ({ engine, onError }: BusDeps): Bus => {
  const channels = new Map<string, Channel>()
  let dropped = 0
  let closed = false

  const interrupt = (channel: Channel): void => {
    for (const reader of channel.readers) reader.interrupt(gap)
  }

  const deliver = (topic: Topic<unknown>, channel: Channel, value: unknown): void => {
    for (const reader of channel.readers) {
      const before = reader.dropped
      reader.push(value)
      if (reader.dropped === before || topic.policy.kind === 'keepLatest') continue
      dropped += reader.dropped - before
      reader.interrupt(gap)
    }
  }

  const receive = (topic: Topic<unknown>, channel: Channel, text: string): void => {
    let value: unknown
    try {
      value = topic.decode(text)
    } catch (cause) {
      onError(new Error(`Expected a message of topic ${topic.name}, got ${text.slice(0, 80)}`, { cause }))
      interrupt(channel)
      return
    }
    deliver(topic, channel, value)
  }

  const leave = (name: string, channel: Channel, reader: Queue<unknown>): void => {
    channel.readers.delete(reader)
    if (channel.readers.size > 0) return
    if (channels.get(name) === channel) channels.delete(name)
    void channel.upstream.then(
      (upstream) => upstream.end(),
      () => {},
    )
  }

  const open = (topic: Topic<unknown>, name: string): Channel => {
    const known = channels.get(name)
    if (known) return known
    const channel: Channel = {
      readers: new Set(),
      upstream: engine.listen(
        topic.lane,
        name,
        (text) => receive(topic, channel, text),
        () => interrupt(channel),
      ),
    }
    channels.set(name, channel)
    return channel
  }

  return {
    publish(topic, key, value) {
      if (published.hasSubscribers) published.publish({ topic: topic.name, value })
      const name = `${topic.name}/${key}`
      const channel = channels.get(name)
      if (topic.plain) {
        if (closed) return false
        if (channel) deliver(topic, channel, value)
        // Becomes a string once those who look here have been served.
        return engine.send(topic.lane, name, () => encode(topic, value)) || channel !== undefined
      }
      const text = encode(topic, value)
      if (closed) return false
      // Decoded from the string here too, so that both ways deliver exactly the same; a plain value is the same by itself.
      if (channel) receive(topic, channel, text)
      return engine.send(topic.lane, name, () => text) || channel !== undefined
    },

    async subscribe<T>(topic: Topic<T>, keys: string | readonly string[]) {
      if (closed) throw new Fault('RESTARTING', 'Expected a bus that is open, got one that is closing.')
      const names = [...new Set([keys].flat())].map((key) => `${topic.name}/${key}`)
      const opened = names.map((name) => [name, open(topic, name)] as const)
      const reader: Queue<unknown> = createQueue({
        policy: topic.policy,
        onFull: () =>
          new Fault(
            'SLOW_CONSUMER',
            `Expected a reader of ${topic.name} to keep up, got more than it read; resume from the last offset.`,
          ),
        onEnd: () => opened.forEach(([name, channel]) => leave(name, channel, reader)),
      })
      for (const [, channel] of opened) channel.readers.add(reader)
      try {
        await Promise.all(opened.map(([, channel]) => channel.upstream))
      } catch (error) {
        await reader.return()
        throw error
      }
      return reader as unknown as Subscription<T>
    },

    stats: () => ({
      channels: channels.size,
      readers: channels.values().reduce((sum, channel) => sum + channel.readers.size, 0),
      dropped,
      connected: engine.connected(),
    }),

    ping: () => engine.ping(),

    async close() {
      closed = true
      // A reader that ends leaves its channel, and an empty channel the map: both allow that while they are walked.
      for (const channel of channels.values()) for (const reader of channel.readers) reader.end()
      await engine.close()
    },
  }
}
