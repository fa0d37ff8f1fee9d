// Takes exactly one message out of what Redis sends to a console; everything else goes on untouched, byte for byte.
import { Transform } from 'node:stream'

/** The last one: nothing follows it on its channel for this long, but for beacons, which tell of it. */
const lastAfterMs = 1_000

export interface Loss {
  /** For each connection to Redis. */
  sift(): Transform
  /** The next message of this topic, or the next that nothing follows, is lost. The undo tells whether one was. */
  lose(topic: string, which: 'next' | 'last'): () => boolean
}

/** Where the value of RESP that begins at `at` ends, or null while it is not all there. */
export function endOfValue(bytes: Buffer, at: number): number | null {
  const lineEnd = bytes.indexOf('\r\n', at)
  if (lineEnd < 0) return null
  const next = lineEnd + 2
  const count = Number(bytes.toString('latin1', at + 1, lineEnd))
  switch (String.fromCharCode(bytes[at] as number)) {
    case '$':
    case '=':
    case '!': {
      if (count < 0) return next
      return next + count + 2 <= bytes.length ? next + count + 2 : null
    }
    case '*':
    case '>':
    case '~':
    case '%': {
      let end: number | null = next
      const values = bytes[at] === 0x25 ? count * 2 : count
      for (let i = 0; i < values && end !== null; i++) end = end < bytes.length ? endOfValue(bytes, end) : null
      return end
    }
    default:
      return next
  }
}

/** The channel of a message that was published, or null for any other value. */
const channelOf = (value: Buffer): string | null =>
  /^[*>]3\r\n\$7\r\nmessage\r\n\$\d+\r\n(.*?)\r\n/.exec(value.toString('latin1', 0, 300))?.[1] ?? null

/** Without what says whose it is. */
const topicAndKey = (channel: string): string => channel.replace(/^sindri\/[^/]+\//, '')

export function createLoss(): Loss {
  let wanted: { topic: string; which: 'next' | 'last'; done: boolean } | null = null

  return {
    sift() {
      let rest: Buffer = Buffer.alloc(0)
      /** By channel, the message that may turn out to be the last one. */
      const held = new Map<string, { value: Buffer; timer: NodeJS.Timeout }>()
      const letGo = (push: (value: Buffer) => void): void => {
        for (const { value, timer } of held.values()) {
          clearTimeout(timer)
          push(value)
        }
        held.clear()
      }
      return new Transform({
        transform(chunk: Buffer, _, done) {
          const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
          let at = 0
          for (let end = endOfValue(bytes, at); end !== null && at < bytes.length; end = endOfValue(bytes, at)) {
            const value = bytes.subarray(at, end)
            at = end
            const current = wanted
            const channel = current && !current.done ? channelOf(value) : null
            if (!current || current.done) letGo((each) => this.push(each))
            if (!current || !channel || !topicAndKey(channel).startsWith(`${current.topic}/`)) {
              this.push(value)
              continue
            }
            if (value.includes('[{"kind":"beacon"')) {
              this.push(value)
              continue
            }
            if (current.which === 'next') {
              current.done = true
              continue
            }
            const before = held.get(channel)
            clearTimeout(before?.timer)
            if (before) this.push(before.value)
            const timer = setTimeout(() => {
              held.delete(channel)
              if (wanted === current && !current.done) current.done = true
              else this.push(value)
            }, lastAfterMs)
            held.set(channel, { value, timer })
          }
          rest = bytes.subarray(at)
          done()
        },
        flush(done) {
          letGo((each) => this.push(each))
          done()
        },
        destroy(error, done) {
          letGo(() => {})
          done(error)
        },
      })
    },
    lose(topic, which) {
      const mine = { topic, which, done: false }
      wanted = mine
      return () => {
        if (wanted === mine) wanted = null
        return mine.done
      }
    },
  }
}
