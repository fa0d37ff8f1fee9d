// The least that can stand between a sender and its viewers: every frame that comes in goes out to all, unread.
import { once } from 'node:events'
import { WebSocketServer } from 'ws'
import { nowMs, serveRole } from '../kit/role.ts'
import { keyOf, type Moment } from './moment.ts'

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
let passed: Moment[] = []
server.on('connection', (socket, { url }) => {
  if (url !== '/send') return
  socket.on('message', (frame: Buffer) => {
    passed.push({ key: keyOf(frame) ?? '', ms: nowMs() })
    for (const other of server.clients) if (other !== socket) other.send(frame, { binary: false })
  })
})

serveRole({
  async url() {
    if (!server.address()) await once(server, 'listening')
    return `ws://127.0.0.1:${(server.address() as { port: number }).port}`
  },
  passed: () => {
    const all = passed
    passed = []
    return all
  },
})
