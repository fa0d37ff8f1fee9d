// The messages of one socket, in turn with those of all others: what a flood has brought must not keep a key waiting, neither its own nor another's.
import type { WebSocket } from 'ws'
import { nextTurn } from '../platform/clock.ts'

/**
 * What a socket may bring in a turn of the event loop without waiting: keys, their echo, acknowledgements, heartbeats. A piece of a flood and many
 * records are longer.
 */
const SHORT_BYTES = 4 * 1024
/** A message costs work however short it is. */
const LEAST_BYTES = 256

export type Serve = (data: Buffer, isBinary: boolean) => void

/**
 * Short messages are served as they are read. A long one waits until all sockets were read, and of what has come behind it one is served in each turn;
 * meanwhile no more is read from that socket.
 */
export const serveInTurn = (
  ws: Pick<WebSocket, 'on' | 'pause' | 'resume' | 'readyState' | 'OPEN' | 'CLOSED'>,
  serve: Serve,
): void => {
  const waiting: Parameters<Serve>[] = []
  let atOnceBytes = SHORT_BYTES
  let hasTurn = false

  const takeTurn = (): void => {
    if (hasTurn) return
    hasTurn = true
    void nextTurn().then(turn)
  }
  const turn = (): void => {
    hasTurn = false
    atOnceBytes = SHORT_BYTES
    // What is begun on a socket that is gone would be ended by nobody.
    if (ws.readyState === ws.CLOSED) waiting.length = 0
    let message = waiting.shift()
    if (!message) return
    serve(...message)
    // Closed by the far side, which had said all of this before: there are no more turns.
    while (ws.readyState !== ws.OPEN && (message = waiting.shift())) serve(...message)
    if (waiting.length > 0) takeTurn()
    else ws.resume()
  }

  ws.on('message', (data: Buffer, isBinary) => {
    takeTurn()
    const bytes = Math.max(data.length, LEAST_BYTES)
    if (waiting.length === 0 && bytes <= atOnceBytes) {
      atOnceBytes -= bytes
      serve(data, isBinary)
    } else if (waiting.push([data, isBinary]) === 1) ws.pause()
  })
}
