import { createServer, type Server } from 'node:http'
import { afterEach, expect, it } from 'vitest'
import { type Balancer, openBalancer } from './balancer.ts'

const servers: Server[] = []
let balancer: Balancer
afterEach(async () => {
  await balancer.close()
  for (const server of servers.splice(0)) server.close().closeAllConnections()
})

const serve = async (name: string): Promise<number> => {
  const server = createServer((_, response) => response.end(name))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as { port: number }).port
}
const ask = async (): Promise<string> =>
  (await fetch(`http://127.0.0.1:${balancer.port}`, { headers: { connection: 'close' } })).text()
const askAll = async (times: number): Promise<string[]> => {
  const answers = []
  for (let i = 0; i < times; i++) answers.push(await ask())
  return answers.toSorted()
}

it('takes turns, goes on where one has gone, and finds those that came elsewhere', async () => {
  let ports = [await serve('a'), await serve('b')]
  balancer = await openBalancer({ port: 0, targets: () => ports })
  expect(await askAll(4)).toEqual(['a', 'a', 'b', 'b'])
  servers[0]?.close()
  expect(await askAll(3)).toEqual(['b', 'b', 'b'])
  ports = [await serve('c'), ports[1] as number]
  expect(await askAll(2)).toEqual(['b', 'c'])
})

it('ends a connection that nobody takes', async () => {
  balancer = await openBalancer({ port: 0, targets: () => [] })
  await expect(ask()).rejects.toThrow('fetch failed')
})
