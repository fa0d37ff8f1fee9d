// Bare sockets that nothing is said on: one process listens, another connects.
import { once } from 'node:events'
import WebSocket, { WebSocketServer } from 'ws'
import { serveRole } from '../kit/role.ts'

/** Connecting at the same moment. */
const AT_ONCE = 100
const sockets: WebSocket[] = []

serveRole({
  async listen() {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, backlog: 1024 })
    await once(server, 'listening')
    return { url: `ws://127.0.0.1:${(server.address() as { port: number }).port}`, pid: process.pid }
  },
  async connect({ url, count }: { url: string; count: number }) {
    const follow = async (): Promise<void> => {
      while (sockets.length < count) {
        const socket = new WebSocket(url, { perMessageDeflate: false })
        sockets.push(socket)
        await once(socket, 'open')
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, follow))
  },
})
