// How long a key takes from the page to the shell and its echo back; against a bare PTY and a bare relay of two WebSocket hops.
import { attachShell, openTerminal } from '@sindri/e2e/kit/terminal'
import { until } from '@sindri/e2e/kit/processes'
import { openWorld } from '@sindri/e2e/kit/world'
import { spawn } from '@lydell/node-pty'
import { once } from 'node:events'
import WebSocket, { WebSocketServer } from 'ws'
import { elapsedMs, percentile, print } from './kit/report.ts'

const KEYS = 400

/** Sends one key after the other, each when the one before was echoed. */
async function measure(send: (key: string) => void, onEcho: (listen: () => void) => void): Promise<number[]> {
  const latencies: number[] = []
  let heard = (): void => {}
  onEcho(() => heard())
  for (let i = 0; i < KEYS; i++) {
    const echoed = new Promise<void>((resolve) => (heard = resolve))
    const asked = performance.now()
    send('x')
    await echoed
    latencies.push(elapsedMs(asked))
  }
  // The first keys warm the compilers up.
  return latencies.slice(KEYS / 4)
}

async function barePty(): Promise<number[]> {
  const pty = spawn('/bin/cat', [], { cols: 80, rows: 24, encoding: null })
  try {
    return await measure(
      (key) => pty.write(key),
      (heard) => pty.onData(heard),
    )
  } finally {
    pty.kill()
  }
}

/** page → relay → far end and back: the least that a console between two sockets can take. */
async function bareRelay(): Promise<number[]> {
  const relay = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await once(relay, 'listening')
  const { port } = relay.address() as { port: number }
  const sockets: WebSocket[] = []
  relay.on('connection', (socket) => {
    sockets.push(socket)
    socket.on('message', (data) => sockets.find((other) => other !== socket)?.send(data))
  })
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
    await once(socket, 'open')
    return socket
  }
  const page = await open()
  const far = await open()
  far.on('message', (data) => far.send(data))
  try {
    return await measure(
      (key) => page.send(key),
      (heard) => page.on('message', heard),
    )
  } finally {
    for (const socket of [page, far]) socket.terminate()
    relay.close()
  }
}

const world = await openWorld()
try {
  world.startAgent('keys')
  const { id } = await world.running('keys')
  const api = await world.api()
  const shell = attachShell(api, await openTerminal(api, id))
  shell.type('stty -icanon; PS1=; exec cat\r')
  await until('cat', () => /exec cat\r\n/.test(shell.text()))
  const echoes = async (): Promise<number[]> => {
    let seen = shell.bytes().length
    return measure(
      (key) => shell.type(key),
      (heard) =>
        shell.onBytes(() => {
          if (shell.bytes().length <= seen) return
          seen = shell.bytes().length
          heard()
        }),
    )
  }
  const through = await echoes()
  const pty = await barePty()
  const relay = await bareRelay()
  const [p50, p99] = [percentile(through, 0.5), percentile(through, 0.99)]
  const [pty50, relay50] = [percentile(pty, 0.5), percentile(relay, 0.5)]
  print({
    bench: 'keystroke',
    figures: { 'echo p50 ms': p50, 'echo p99 ms': p99 },
    baselines: {
      'bare PTY p50 ms': pty50,
      'bare PTY p99 ms': percentile(pty, 0.99),
      'bare two-hop relay p50 ms': relay50,
      'bare two-hop relay p99 ms': percentile(relay, 0.99),
    },
    ratios: {
      'echo p50 / (PTY + relay)': p50 / (pty50 + relay50),
      'echo p50 − (PTY + relay), ms': p50 - pty50 - relay50,
    },
    goals: [
      { name: 'echo p50 over PTY + relay, ms', figure: p50 - pty50 - relay50, goal: 0.2, kind: 'max' },
      { name: 'echo p99, ms', figure: p99, goal: 3, kind: 'max' },
    ],
  })
} finally {
  await world.end()
}
