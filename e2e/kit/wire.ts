// The way between a page and its console, as a real one behaves: it takes time, and it breaks.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Wire {
  /** Where the console is found through it. */
  url: string
  /** Each way, from now on. */
  delay(ms: number): void
  /** Breaks every connection, and takes no more until the undo. */
  cut(): () => void
  end(): Promise<void>
}

export async function openWire(consoleUrl: string): Promise<Wire> {
  const { hostname, port } = new URL(consoleUrl)
  const sockets = new Set<Socket>()
  let delayMs = 0
  let isCut = false

  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.setNoDelay(true)
    // A broken connection is what this is for.
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  /** Nothing overtakes what went before it, however the delay changes. */
  const pass = (from: Socket, to: Socket): void => {
    let dueMs = 0
    const late = (act: () => void): void => {
      const nowMs = performance.now()
      dueMs = Math.max(dueMs, nowMs + delayMs)
      setTimeout(act, dueMs - nowMs)
    }
    from.on('data', (bytes: Buffer) => late(() => to.write(bytes)))
    from.on('close', () => late(() => to.destroy()))
  }
  const server = createServer((near) => {
    keep(near)
    if (isCut) return near.destroy()
    const far = keep(connect(Number(port), hostname))
    pass(near, far)
    pass(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delay: (ms) => void (delayMs = ms),
    cut() {
      isCut = true
      for (const socket of sockets) socket.destroy()
      return () => void (isCut = false)
    },
    async end() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
