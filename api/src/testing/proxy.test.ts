import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openProxy, type Proxy, type ProxyOptions } from './proxy.ts'

let service: Server
let far: Socket | undefined
let proxy: Proxy
let near: Socket
let heard = { near: '', far: '' }

const open = async (options?: ProxyOptions): Promise<void> => {
  proxy = await openProxy(`tcp://127.0.0.1:${(service.address() as AddressInfo).port}`, options)
  near = connect(Number(new URL(proxy.url).port), '127.0.0.1')
  near.on('data', (data) => (heard.near += String(data))).on('error', () => {})
  await expect.poll(() => far !== undefined).toBe(true)
}
beforeEach(async () => {
  heard = { near: '', far: '' }
  far = undefined
  service = createServer((socket) => {
    far = socket.on('data', (data) => (heard.far += String(data))).on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
})
afterEach(async () => {
  near.destroy()
  await proxy.close()
  service.close()
})

test('stalled in one direction, the other goes on, and nothing is lost', async () => {
  await open()
  proxy.stall('back')
  far?.write('answer')
  near.write('question')
  await expect.poll(() => heard).toEqual({ near: '', far: 'question' })
  proxy.resume()
  await expect.poll(() => heard).toEqual({ near: 'answer', far: 'question' })
})

test('delayed, bytes come later and in order, also those that follow when it is over', async () => {
  await open()
  proxy.delay(300)
  const began = performance.now()
  near.write('a')
  await new Promise((resolve) => setTimeout(resolve, 20))
  near.write('b')
  await new Promise((resolve) => setTimeout(resolve, 20))
  proxy.delay(0)
  near.write('c')
  await expect.poll(() => heard.far).toBe('abc')
  expect(performance.now() - began).toBeGreaterThan(290)
})

test('stranded, a connection carries nothing and neither end hears of the other; a new one does', async () => {
  await open()
  const old = far as Socket
  proxy.strand()
  near.write('lost')
  near.destroy()
  const second = connect(Number(new URL(proxy.url).port), '127.0.0.1')
  second.write('heard')
  await expect.poll(() => heard.far).toBe('heard')
  expect(far).not.toBe(old)
  expect(old.destroyed).toBe(false)
  second.destroy()
})

test('what comes back is sifted, and a connection that ends is ended at both sides', async () => {
  await open({ sift: () => new Transform({ transform: (chunk, _, done) => done(null, String(chunk).toUpperCase()) }) })
  near.write('abc')
  far?.write('abc')
  await expect.poll(() => heard).toEqual({ near: 'ABC', far: 'abc' })
  const closed = once(far as Socket, 'close')
  await proxy.cut()
  await closed
  await proxy.mend()
})
