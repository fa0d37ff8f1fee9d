// One of the two far processes of a bare relay: page → relay → far end and back, the least that a console between two machines can take.
import { once } from 'node:events'
import WebSocket, { WebSocketServer } from 'ws'
import { serveRole } from '../kit/role.ts'

serveRole({
  /** Whatever one of its two sockets brings goes to the other. */
  async relay() {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
    await once(server, 'listening')
    server.on('connection', (socket) => {
      socket.on('message', (data) => {
        for (const other of server.clients) if (other !== socket) other.send(data)
      })
    })
    return `ws://127.0.0.1:${(server.address() as { port: number }).port}`
  },
  async answer(url: string) {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    await once(socket, 'open')
    socket.on('message', (data) => socket.send(data))
  },
})
