// A TCP way to a service that tests can cut and mend, as a network or a restart would, stall, as a process that stands still, and make longer.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Transform } from 'node:stream'

/** To the service, or back from it. */
export type Direction = 'there' | 'back'

export interface Proxy {
  /** The service's URL with the proxy's address. */
  url: string
  /** Ends every connection and refuses new ones. */
  cut(): Promise<void>
  mend(): Promise<void>
  /** Connections stay and are taken, and nothing moves on any; with a direction, the other one goes on. */
  stall(direction?: Direction): void
  resume(): void
  /** The connections that are there now carry nothing any more, and neither end hears of it; new ones do. */
  strand(): void
  /** What passes from now on takes so much longer, each way. */
  delay(ms: number): void
  close(): Promise<void>
}

export interface ProxyOptions {
  /** Made for each connection: what comes back goes through it. */
  sift?: () => Transform
}

/** What is on its way at once; more is held back at the near end. */
const chunksOnTheWay = 256

export const openProxy = async (target: string, { sift }: ProxyOptions = {}): Promise<Proxy> => {
  const { hostname, port } = new URL(target)
  /** Where what comes in on each goes first. */
  const ways = new Map<Socket, { direction: Direction; into: NodeJS.WritableStream }>()
  const stranded = new Set<Socket>()
  const stalled = new Set<Direction>()
  let delayMs = 0

  const lag = (): Transform => {
    let last = Promise.resolve()
    let onTheWay = 0
    const afterLast = async (done: () => void): Promise<void> => {
      await last
      done()
    }
    return new Transform({
      transform(chunk: Buffer, _, done) {
        if (delayMs === 0 && onTheWay === 0) return done(null, chunk)
        const dueMs = performance.now() + delayMs
        onTheWay += 1
        last = last.then(async () => {
          const leftMs = dueMs - performance.now()
          if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs))
          onTheWay -= 1
          this.push(chunk)
        })
        if (onTheWay < chunksOnTheWay) done()
        else void afterLast(done)
      },
      flush: (done) => void afterLast(done),
    })
  }

  const join = (one: Socket, other: Socket, direction: Direction): void => {
    const line = lag()
    line.pipe(other)
    const into = direction === 'back' && sift ? sift() : line
    if (into !== line) into.pipe(line)
    ways.set(one, { direction, into })
    if (!stalled.has(direction)) one.pipe(into)
    one.on('error', () => {})
    one.on('close', () => {
      ways.delete(one)
      if (!stranded.delete(one)) other.destroy()
    })
  }
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(port || 6379), host: hostname, noDelay: true })
    join(near, far, 'there')
    join(far, near, 'back')
  })
  const listen = async (at: number): Promise<number> => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const cut = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of ways.keys()) socket.destroy()
    await closed
  }

  const ownPort = await listen(0)
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(ownPort)
  return {
    url: url.href,
    cut,
    mend: async () => void (await listen(ownPort)),
    stall(which) {
      for (const direction of which ? [which] : (['there', 'back'] as const)) stalled.add(direction)
      for (const [socket, { direction, into }] of ways) if (stalled.has(direction)) socket.unpipe(into)
    },
    resume() {
      for (const [socket, { direction, into }] of ways)
        if (stalled.has(direction) && !stranded.has(socket)) socket.pipe(into)
      stalled.clear()
    },
    strand() {
      for (const [socket, { into }] of ways) {
        stranded.add(socket)
        socket.unpipe(into)
        // Read on, or its end would not be seen.
        socket.resume()
      }
    },
    delay: (ms) => void (delayMs = ms),
    close: async () => {
      if (server.listening) await cut()
    },
  }
}
