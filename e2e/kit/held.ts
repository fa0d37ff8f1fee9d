// What a process of Node holds when nothing that could be collected is counted: asked over its inspector.
import { once } from 'node:events'
import WebSocket from 'ws'
import type { Proc } from './processes.ts'

/** For NODE_OPTIONS of such a process. */
export const inspected = '--inspect=127.0.0.1:0'

const answerMs = 30_000

/** Objects and buffers, in MiB. */
export async function heldMiB(proc: Proc): Promise<number> {
  const address = /Debugger listening on (ws:\S+)/.exec(proc.output())?.[1]
  if (!address)
    throw new Error(`expected a process with ${inspected}, got one that said ${proc.output().slice(0, 200)}`)
  const socket = new WebSocket(address, { handshakeTimeout: answerMs })
  try {
    await once(socket, 'open')
    const ask = async (method: string, params = {}): Promise<any> => {
      socket.send(JSON.stringify({ id: 1, method, params }))
      const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(answerMs) })
      return JSON.parse(String(answer)).result
    }
    await ask('HeapProfiler.collectGarbage')
    const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())'
    const { result } = await ask('Runtime.evaluate', { expression })
    return result.value / 1024 / 1024
  } finally {
    socket.terminate()
  }
}
