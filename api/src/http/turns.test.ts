// Short messages go at once, a flood one by one; and whatever came is served once and in its order, the last words before a close too.
import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { serveInTurn } from './turns.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
const KiB = 1024

/** A socket of which the test says when something is read; what was served is told by its length. */
const openScripted = () => {
  const served: number[] = []
  const ws = Object.assign(new EventEmitter(), { OPEN: 1, CLOSED: 3, readyState: 1, isPaused: false })
  const paused = {
    pause: () => void (ws.isPaused = true),
    resume: () => void (ws.isPaused = false),
  }
  serveInTurn(Object.assign(ws, paused) as never, (data) => served.push(data.length))
  return {
    served,
    isPaused: () => ws.isPaused,
    close: () => void (ws.readyState = 2),
    die: () => void (ws.readyState = 3),
    read: (...lengths: number[]) => {
      for (const length of lengths) ws.emit('message', Buffer.alloc(length), false)
    },
  }
}

describe('a turn', () => {
  it('serves short messages as they are read', () => {
    const { served, isPaused, read } = openScripted()
    read(100, 200, 300)
    expect(served).toEqual([100, 200, 300])
    expect(isPaused()).toBe(false)
  })

  it('lets a long one wait until all sockets were read, and what comes behind it one by one, reading no more meanwhile', async () => {
    const { served, isPaused, read } = openScripted()
    read(40 * KiB, 1, 2)
    expect(served).toEqual([])
    expect(isPaused()).toBe(true)
    await turn()
    expect(served).toEqual([40 * KiB])
    await turn()
    expect(served).toEqual([40 * KiB, 1])
    expect(isPaused()).toBe(true)
    await turn()
    expect(served).toEqual([40 * KiB, 1, 2])
    expect(isPaused()).toBe(false)
  })

  it('lets no socket bring so many short ones that others wait for them', async () => {
    const { served, read } = openScripted()
    read(...Array.from({ length: 100 }, (_, i) => i + 1))
    expect(served).toHaveLength(16)
    await turn()
    expect(served).toHaveLength(17)
    for (let i = 17; i < 100; i++) await turn()
    expect(served).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  })

  it('is there anew for what comes later', async () => {
    const { served, read } = openScripted()
    read(4 * KiB)
    await turn()
    read(4 * KiB)
    expect(served).toEqual([4 * KiB, 4 * KiB])
  })

  it('serves all that waits where the far side has closed behind it', async () => {
    const { served, close, read } = openScripted()
    read(40 * KiB, 1, 2)
    close()
    await turn()
    expect(served).toEqual([40 * KiB, 1, 2])
  })

  it('serves nothing more to one that is gone', async () => {
    const { served, die, read } = openScripted()
    read(40 * KiB, 1, 2)
    die()
    for (let i = 0; i < 3; i++) await turn()
    expect(served).toEqual([])
  })
})

describe('on a real socket', () => {
  const undo: (() => unknown)[] = []
  afterEach(() => {
    for (const end of undo.splice(0)) void end()
  })

  it('serves what came with a close once, in its order, before the close is told', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    undo.push(() => server.close())
    const told: string[] = []
    const over = Promise.withResolvers<void>()
    server.on('connection', (ws) => {
      serveInTurn(ws, (data) => told.push(`${data.length}`))
      ws.on('close', () => {
        told.push('closed')
        over.resolve()
      })
    })
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      perMessageDeflate: false,
    })
    undo.push(() => client.terminate())
    await once(client, 'open')
    const lengths = Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? 30 * KiB + i : i + 1))
    for (const length of lengths) client.send('x'.repeat(length))
    client.close()
    await over.promise
    expect(told).toEqual([...lengths.map(String), 'closed'])
  })
})
