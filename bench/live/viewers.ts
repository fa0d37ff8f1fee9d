// Those who look: each with a socket and a key of its own, noting when a frame is there before reading it.
import { once } from 'node:events'
import WebSocket from 'ws'
import { nowMs, serveRole } from '../kit/role.ts'
import { keyOf, type Moment } from './moment.ts'

interface Watch {
  url: string
  /** A key for each viewer; none: whoever sends to a bare socket. */
  keys: (string | null)[]
  query?: string
  variables?: Record<string, unknown>
}

const sockets: WebSocket[] = []
let seen: Moment[] = []
let last: Buffer | undefined

const open = async ({ url, query, variables }: Watch, key: string | null): Promise<void> => {
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false })
  sockets.push(socket)
  await once(socket, 'open')
  if (key !== null) {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { kind: 'key', key } }))
    const [ack] = (await once(socket, 'message')) as [Buffer]
    if (!ack.includes('connection_ack')) throw new Error(`expected to be let in, got ${ack.toString()}`)
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }))
  }
  socket.on('message', (frame: Buffer) => {
    const ms = nowMs()
    const carried = keyOf(frame)
    if (carried === null) throw new Error(`expected a sample, got ${frame.toString()}`)
    seen.push({ key: carried, ms })
    last = frame
  })
}

serveRole({
  watch: (what: Watch) => Promise.all(what.keys.map((key) => open(what, key))).then(() => null),
  /** What was seen since it was asked before. */
  seen: () => {
    const all = seen
    seen = []
    return { all, frame: last?.toString() ?? '' }
  },
  leave: () => {
    for (const socket of sockets.splice(0)) socket.terminate()
  },
})
