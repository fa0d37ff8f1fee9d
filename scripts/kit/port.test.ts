import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test, vi } from 'vitest'
import { mustBeFree } from './port.ts'

test('a port that another program uses ends the start with one line and exit code 2', async () => {
  const said: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => said.push(String(line)) > 0)
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const PORT = String((server.address() as AddressInfo).port)
  await expect(mustBeFree({ PORT })).rejects.toMatchObject({ exitCode: 2 })
  expect(said).toEqual([`sindri: PORT: expected a free port, got ${PORT}, which another program on 127.0.0.1 uses.\n`])
  server.close()
  await once(server, 'close')
  await mustBeFree({ PORT })
})

test.each([{ PORT: 'abc' }, { PORT: '0' }, { HOST: '192.0.2.1' }])(
  'what else is wrong is told by the console: %o',
  async (env) => {
    await mustBeFree(env)
  },
)
