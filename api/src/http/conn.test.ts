// A socket to a reader that does not read makes its writers wait, and ends before memory grows; a silent one ends too.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CLOSE } from '@sindri/schema/contract/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createFakeClock } from '../platform/clock.fake.ts'
import { silentLog } from '../platform/log.ts'
import { BUFFER, openConn, SILENT_MS } from './conn.ts'

const MiB = 1024 * 1024
const undo: (() => unknown)[] = []
afterEach(async () => {
  for (const end of undo.splice(0)) await end()
})

const openPair = async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  undo.push(() => server.close())
  const accepted = once(server, 'connection') as Promise<[WebSocket, IncomingMessage]>
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { perMessageDeflate: false })
  const [ws, { socket }] = await accepted
  await once(client, 'open')
  undo.push(() => client.terminate())
  const clock = createFakeClock()
  let heard = 0
  const conn = openConn({
    ws,
    socket,
    nonce: 'n',
    origin: { ip: '127.0.0.1', userAgent: null, requestId: 'req_1' },
    sameOrigin: false,
    clock,
    log: silentLog,
    onHeard: () => (heard += 1),
  })
  return { conn, client, clock, ws, socket, heard: () => heard }
}

/** More than the kernel takes by itself. */
const flood = (conn: { send(text: string): unknown }, bytes: number): void => {
  const chunk = 'x'.repeat(MiB)
  for (let sent = 0; sent < bytes; sent += MiB) conn.send(chunk)
}

describe('sending', () => {
  it('waits for nobody while the reader keeps up', async () => {
    const { conn, client } = await openPair()
    const arrived = once(client, 'message')
    expect(conn.send('hello')).toBeUndefined()
    expect(String((await arrived)[0])).toBe('hello')
  })

  it('hands all that one turn brings to the network at once, in order', async () => {
    const { conn, client, socket } = await openPair()
    const texts: string[] = []
    client.on('message', (text: Buffer) => void texts.push(text.toString()))
    let writes = 0
    const writev = socket._writev?.bind(socket)
    socket._writev = (chunks, done) => {
      writes += 1
      writev?.(chunks, done)
    }
    void conn.send('answer')
    await Promise.resolve()
    void conn.send('end')
    await expect.poll(() => texts).toEqual(['answer', 'end'])
    expect(writes).toBe(1)
    void conn.send('next')
    await expect.poll(() => texts.at(-1)).toBe('next')
    expect(writes).toBe(2)
  })

  it('makes the writer wait above the high-water mark, until the reader has caught up', async () => {
    const { conn, client, ws } = await openPair()
    client.pause()
    flood(conn, 16 * MiB)
    expect(ws.bufferedAmount).toBeGreaterThan(BUFFER.highWaterBytes)
    let free = false
    const waiting = Promise.resolve(conn.send('last')).then(() => (free = true))
    await new Promise((resolve) => setImmediate(resolve))
    expect(free).toBe(false)
    client.resume()
    await waiting
    expect(ws.bufferedAmount).toBe(0)
  })

  it('lets nobody wait for a reader that is gone', async () => {
    const { conn, client } = await openPair()
    client.pause()
    flood(conn, 16 * MiB)
    const waiting = conn.send('last')
    conn.ws.terminate()
    await waiting
    expect(conn.send('more')).toBeUndefined()
  })

  it('ends with SLOW_CONSUMER at once when far too much is unread', async () => {
    const { conn, client, clock } = await openPair()
    client.pause()
    flood(conn, BUFFER.maxBytes + 8 * MiB)
    expect(conn.ws.readyState).toBe(WebSocket.CLOSING)
    // It reads nothing, so it does not read the close either.
    await clock.advance(2_000)
    await conn.closed
  })

  it('ends with SLOW_CONSUMER after ten seconds of too much', async () => {
    const { conn, client, clock } = await openPair()
    client.pause()
    flood(conn, BUFFER.slowBytes + 8 * MiB)
    for (let second = 0; second < 10; second += 1) {
      conn.look(0)
      await clock.advance(1_000)
    }
    expect(conn.ws.readyState).toBe(WebSocket.OPEN)
    conn.look(0)
    expect(conn.ws.readyState).toBe(WebSocket.CLOSING)
    const closed = once(client, 'close')
    client.resume()
    expect((await closed)[0]).toBe(CLOSE.SLOW_CONSUMER.code)
  })
})

describe('a reader that speaks and takes nothing', () => {
  /** Until the kernel takes no more, be it a little later. */
  const fill = async ({ conn, ws }: Pick<Awaited<ReturnType<typeof openPair>>, 'conn' | 'ws'>): Promise<void> => {
    for (let turns = 0; turns < 50; turns += 1) {
      if (ws.bufferedAmount < BUFFER.highWaterBytes) turns = 0
      while (ws.bufferedAmount < BUFFER.highWaterBytes) void conn.send('x'.repeat(MiB))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const openStuck = async () => {
    const pair = await openPair()
    pair.client.pause()
    await fill(pair)
    expect(pair.ws.bufferedAmount).toBeLessThan(BUFFER.slowBytes)
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        pair.conn.heard()
        pair.conn.look(0)
        await pair.clock.advance(1_000)
      }
      pair.conn.look(0)
    }
    return { ...pair, pass }
  }

  it('is told SLOW_CONSUMER after twenty seconds, however little it is that waits', async () => {
    const { client, ws, pass } = await openStuck()
    await pass(19)
    expect(ws.readyState).toBe(WebSocket.OPEN)
    await pass(1)
    expect(ws.readyState).toBe(WebSocket.CLOSING)
    const closed = once(client, 'close')
    client.resume()
    expect((await closed)[0]).toBe(CLOSE.SLOW_CONSUMER.code)
  })

  it('has twenty seconds anew once it has taken something', async () => {
    const { conn, client, ws, pass } = await openStuck()
    await pass(15)
    client.resume()
    await expect.poll(() => ws.bufferedAmount).toBe(0)
    client.pause()
    conn.look(0)
    await fill({ conn, ws })
    await pass(19)
    expect(ws.readyState).toBe(WebSocket.OPEN)
  })
})

describe('silence', () => {
  it('is asked about with a ping, and ends the socket after thirty seconds', async () => {
    const { conn, client, clock } = await openPair()
    const pinged = once(client, 'ping')
    await clock.advance(15_000)
    conn.look(0)
    await pinged
    await clock.advance(SILENT_MS - 15_001)
    conn.look(0)
    expect(conn.ws.readyState).toBe(WebSocket.OPEN)
    await clock.advance(1)
    conn.look(0)
    await conn.closed
  })

  it('ends with any word of the other side', async () => {
    const { conn, clock, heard } = await openPair()
    await clock.advance(29_000)
    conn.heard()
    await clock.advance(29_000)
    conn.look(0)
    expect(conn.ws.readyState).toBe(WebSocket.OPEN)
    expect(heard()).toBe(1)
  })

  it('does not count while this process stood still', async () => {
    const { conn, clock } = await openPair()
    await clock.advance(60_000)
    conn.look(59_000)
    expect(conn.ws.readyState).toBe(WebSocket.OPEN)
  })
})

describe('closing', () => {
  it('says why in what a close frame holds, characters whole', async () => {
    const { conn, client } = await openPair()
    const closed = once(client, 'close')
    conn.close('FORBIDDEN', 'ü'.repeat(200))
    const [code, reason] = await closed
    expect(code).toBe(CLOSE.FORBIDDEN.code)
    expect(String(reason)).toMatch(/^ü{50,60}…$/)
  })

  it('happens once: the first reason counts', async () => {
    const { conn, client } = await openPair()
    const closed = once(client, 'close')
    conn.close('SUPERSEDED')
    conn.close('RESTARTING')
    expect((await closed)[0]).toBe(CLOSE.SUPERSEDED.code)
  })
})
