// Those who watch all instances, each with a socket of its own, noting when a change of one is there; or as many bare sockets.
import { once } from 'node:events'
import WebSocket from 'ws'
import { nowMs, serveRole } from '../kit/role.ts'

interface Watch {
  url: string
  count: number
  /** Each serves so many as one of them may; none: bare sockets. */
  keys: string[]
  query: string
}

/** Opening at the same moment. */
const AT_ONCE = 50
const sockets: WebSocket[] = []
let seen = new Map<string, number[]>()

async function open({ url, keys, query }: Watch, which: number): Promise<void> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false })
  sockets.push(socket)
  await once(socket, 'open')
  if (keys.length > 0) {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { kind: 'key', key: keys[which % keys.length] } }))
    const [ack] = (await once(socket, 'message')) as [Buffer]
    if (!ack.includes('connection_ack')) throw new Error(`expected to be let in, got ${ack.toString()}`)
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }))
  }
  const told = new Set<string>()
  socket.on('message', (frame: Buffer) => {
    const ms = nowMs()
    // An instance that changed shortly before may come as well, as it was.
    const mark = /changed-\d+/.exec(frame.toString('latin1'))?.[0]
    if (!mark || told.has(mark)) return
    told.add(mark)
    const known = seen.get(mark)
    if (known) known.push(ms)
    else seen.set(mark, [ms])
  })
}

serveRole({
  async watch(what: Watch) {
    let next = 0
    const follow = async (): Promise<void> => {
      while (next < what.count) await open(what, next++)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, follow))
  },
  /** When each of those who saw a change since it was asked before saw it, by its mark. */
  seen: () => {
    const all = [...seen]
    seen = new Map()
    return all
  },
  leave: () => {
    for (const socket of sockets.splice(0)) socket.terminate()
  },
})
