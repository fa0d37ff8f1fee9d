// The least that tells everybody: a frame that goes out to all sockets that are there.
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { nowMs, serveRole } from '../kit/role.ts'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, backlog: 1024 })

serveRole({
  async url() {
    if (!server.address()) await once(server, 'listening')
    return `ws://127.0.0.1:${(server.address() as { port: number }).port}`
  },
  tell(frame: string) {
    const ms = nowMs()
    for (const socket of server.clients) socket.send(frame)
    return ms
  },
})
