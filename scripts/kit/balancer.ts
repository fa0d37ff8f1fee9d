// A small balancer for trying several consoles: each connection goes to the next of them that takes it, whatever it carries.
import { connect, createServer, type Server, type Socket } from 'node:net'

export interface Balancer {
  port: number
  close(): Promise<void>
}

const CONNECT_WITHIN_MS = 1_000

/** `targets` is asked for each connection: a console that starts anew may be found elsewhere. */
export async function openBalancer(options: { port: number; targets: () => readonly number[] }): Promise<Balancer> {
  const open = new Set<Socket>()
  let turn = 0

  const keep = (socket: Socket): void => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    // A peer that resets says so here, and 'close' follows.
    socket.on('error', () => {})
  }

  const server: Server = createServer({ pauseOnConnect: true, noDelay: true }, (near) => {
    keep(near)
    const ports = options.targets()
    const first = turn++
    const pass = (tried: number): void => {
      const port = ports[(first + tried) % ports.length]
      if (port === undefined || tried === ports.length || near.destroyed) return void near.destroy()
      const far = connect({ port, host: '127.0.0.1', noDelay: true, timeout: CONNECT_WITHIN_MS })
      keep(far)
      const next = (): void => {
        far.destroy()
        pass(tried + 1)
      }
      far.once('error', next).once('timeout', next)
      far.once('connect', () => {
        far.off('error', next).off('timeout', next).setTimeout(0)
        near.pipe(far).pipe(near)
        near.resume()
        // What ends badly at one side ends at the other.
        near.on('close', () => far.destroy())
        far.on('close', () => near.destroy())
      })
    }
    pass(0)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
