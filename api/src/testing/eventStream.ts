// An event stream that a test reads by hand: its head, its events in order, and comments beside them.
import http from 'node:http'
import type { Json } from './client.ts'

export interface EventStream {
  status: number
  headers: http.IncomingHttpHeaders
  /** The next event; rejects when the stream ends first. */
  next(): Promise<{ event: string; data: Json | null }>
  /** All text so far, comments included. */
  text(): string
  ended: Promise<void>
  /** Goes away without a word. */
  cut(): void
}

/** Answers once the head is there. */
export const openEventStream = (
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<EventStream> =>
  new Promise((resolve, reject) => {
    const req = http.request(
      `${url}/graphql`,
      {
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
      },
      (res) => {
        const ended = Promise.withResolvers<void>()
        const arrived: { event: string; data: Json | null }[] = []
        const waiting: PromiseWithResolvers<{ event: string; data: Json | null }>[] = []
        let text = ''
        let read = 0
        let over = false
        res.setEncoding('utf8')
        res.on('data', (chunk: string) => {
          text += chunk
          for (let end = text.indexOf('\n\n', read); end >= 0; end = text.indexOf('\n\n', read)) {
            const lines = text.slice(read, end).split('\n')
            read = end + 2
            const of = (name: string) =>
              lines
                .find((line) => line.startsWith(`${name}:`))
                ?.slice(name.length + 1)
                .trim()
            const [event, data] = [of('event'), of('data')]
            if (!event) continue
            const message = { event, data: data ? (JSON.parse(data) as Json) : null }
            const reader = waiting.shift()
            if (reader) reader.resolve(message)
            else arrived.push(message)
          }
        })
        res.on('error', () => {})
        res.on('close', () => {
          over = true
          ended.resolve()
          for (const reader of waiting.splice(0)) reader.reject(new Error(`the stream ended after ${text.slice(-300)}`))
        })
        resolve({
          status: res.statusCode ?? 0,
          headers: res.headers,
          text: () => text,
          ended: ended.promise,
          cut: () => req.destroy(),
          next() {
            const message = arrived.shift()
            if (message) return Promise.resolve(message)
            if (over) return Promise.reject(new Error(`the stream ended after ${text.slice(-300)}`))
            const reader = Promise.withResolvers<{ event: string; data: Json | null }>()
            waiting.push(reader)
            return reader.promise
          },
        })
      },
    )
    req.on('error', reject)
    req.end(JSON.stringify(body))
  })
