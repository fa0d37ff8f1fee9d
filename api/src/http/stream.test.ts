// An event stream shows life while nothing happens, makes its writer wait for a slow reader, and leaves one that stands still.
import http from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { silentLog } from '../platform/log.ts'
import { CLOSE_WITHIN_MS, PING_MS, SILENT_MS } from './conn.ts'
import type { Exchange } from './exchange.ts'
import { openStream } from './stream.ts'

const MiB = 1024 * 1024
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const end of undo.splice(0)) await end()
})

const openPair = async () => {
  const clock = createFakeClock()
  const server = http.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo.push(() => (server.closeAllConnections(), server.close()))
  const asked = once(server, 'request') as Promise<[http.IncomingMessage, http.ServerResponse]>
  const answered = once(http.get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), 'response')
  const [req, res] = await asked
  const origin = { ip: '127.0.0.1', userAgent: null, requestId: 'req_1' }
  const exchange: Exchange = { req, res, path: '/', query: new URLSearchParams(), origin, log: silentLog }
  const stream = openStream({
    exchange,
    viewer: { ...origin, kind: 'anonymous', role: 'ANONYMOUS' },
    credential: null,
    clock,
  })
  stream.begin()
  const [reader] = (await answered) as [http.IncomingMessage]
  undo.push(() => reader.destroy())
  reader.on('error', () => {})
  return { stream, clock, res, reader: reader.setEncoding('utf8') }
}

it('waits for nobody while the reader keeps up', async () => {
  const { stream, reader } = await openPair()
  expect(stream.send({ data: { a: 1 } })).toBeUndefined()
  expect((await once(reader, 'data'))[0]).toBe('event: next\ndata: {"data":{"a":1}}\n\n')
})

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Until a writer is really made to wait: more than the kernel takes by itself. Answers what it waits for. */
const fill = async (stream: { send(result: object): void | Promise<void> }): Promise<{ end: Promise<void> }> => {
  for (let sent = 0; sent < 64; sent += 1) {
    let free = false
    const waiting = Promise.resolve(stream.send({ data: { text: 'x'.repeat(MiB) } })).then(() => void (free = true))
    await turns(20)
    if (!free) return { end: waiting }
  }
  throw new Error('expected the writer to wait, got 64 MiB taken')
}

it('makes the writer wait for a reader that is slow, with no more than one message in memory', async () => {
  const { stream, reader, res } = await openPair()
  const waiting = await fill(stream)
  expect(res.writableLength).toBeLessThan(2 * MiB)
  reader.resume()
  await waiting.end
})

it('lets nobody wait for a reader that is gone', async () => {
  const { stream, reader } = await openPair()
  const waiting = await fill(stream)
  reader.destroy()
  await waiting.end
  expect(stream.over).toBe(true)
  expect(stream.send({ data: {} })).toBeUndefined()
})

it('shows life after fifteen silent seconds', async () => {
  const { stream, clock, reader } = await openPair()
  const arrived = once(reader, 'data')
  await clock.advance(PING_MS - 1)
  stream.look(0)
  await clock.advance(1)
  stream.look(0)
  stream.look(0)
  expect((await arrived)[0]).toBe(':\n\n')
})

it('leaves a reader that takes nothing for thirty seconds, not counting those in which it could not look', async () => {
  const { stream, clock } = await openPair()
  const waiting = await fill(stream)
  await clock.advance(SILENT_MS - 1)
  stream.look(0)
  expect(stream.over).toBe(false)
  await clock.advance(5_000)
  stream.look(5_000)
  expect(stream.over).toBe(false)
  await clock.advance(1)
  stream.look(0)
  await stream.closed
  await waiting.end
})

it('gives up on a reader that does not take the end either', async () => {
  const { stream, clock } = await openPair()
  await fill(stream)
  stream.close('RESTARTING')
  await clock.advance(CLOSE_WITHIN_MS)
  await stream.closed
})
