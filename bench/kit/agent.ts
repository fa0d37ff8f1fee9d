// A simulated agent that speaks the real protocol: a real key, a real link, no machine behind it; its own work is kept small, since it is the load.
import { enrolStatement, linkStatement, NONCE_HEADER } from '@sindri/schema/contract/protocol'
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import WebSocket from 'ws'

export interface SimulatedAgent {
  instance: string
  run: string
  /** Rejects with the first fault. */
  ask<T>(query: string, variables: Record<string, unknown>): Promise<T>
  /** The same with variables that are JSON already. */
  askText<T>(query: string, variables: string): Promise<T>
  close(): Promise<void>
}

interface Fault {
  message: string
  extensions?: { code?: string; retryAfterMs?: number }
}

export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: string | undefined
  readonly retryAfterMs: number | undefined
  constructor({ message, extensions }: Fault) {
    super(message)
    this.code = extensions?.code
    this.retryAfterMs = extensions?.retryAfterMs
  }
}

type Told =
  | { type: 'next'; id: string; payload: { data?: unknown; errors?: Fault[] } }
  | { type: 'error'; id: string; payload: Fault[] }
  | { type: 'connection_ack' | 'complete' | 'ping' | 'pong' }

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const newRun = (): string => `0${Array.from(randomBytes(25), (byte) => crockford[byte % 32]).join('')}`

const REGISTER =
  'mutation ($input: RegisterInstanceInput!) { registerInstance(input: $input) { id agentToken linkUrl } }'

export async function openSimulatedAgent(url: string, secret: string, name: string): Promise<SimulatedAgent> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key = publicKey.export({ format: 'jwk' }).x ?? ''
  const signed = (text: string): string => sign(null, Buffer.from(text), privateKey).toString('base64url')
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify({
      query: REGISTER,
      variables: { input: { instanceId: name, publicKey: key, proof: signed(enrolStatement(name, key)) } },
    }),
  })
  const { data, errors } = (await answer.json()) as {
    data?: { registerInstance: { id: string; agentToken: string; linkUrl: string } }
    errors?: { message: string }[]
  }
  if (!data) throw new Error(`expected ${name} to enrol, got ${errors?.[0]?.message}`)
  const { id: instance, agentToken: token, linkUrl } = data.registerInstance
  const run = newRun()

  const socket = new WebSocket(linkUrl, 'graphql-transport-ws', { perMessageDeflate: false })
  const [[{ headers }]] = (await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])) as [
    [IncomingMessage],
    unknown,
  ]
  const payload = {
    kind: 'agent',
    protocolVersion: '1.0',
    instance,
    token,
    run,
    signature: signed(linkStatement(String(headers[NONCE_HEADER]), instance, run)),
    agentVersion: 'bench',
    hostname: name,
    heartbeatMs: 10_000,
    metricsMs: 30_000,
    notices: [],
  }
  socket.send(JSON.stringify({ type: 'connection_init', payload }))
  const [first] = (await Promise.race([once(socket, 'message'), once(socket, 'close')])) as [Buffer | number, Buffer?]
  if (!first.toString().includes('connection_ack'))
    throw new Error(`expected a link for ${name}, got ${first.toString()} ${socket.readyState}`)

  const waiting = new Map<string, { resolve(data: unknown): void; reject(error: Error): void }>()
  let asked = 0
  socket.on('message', (text: Buffer) => {
    const told = JSON.parse(text.toString()) as Told
    if (told.type === 'ping') socket.send('{"type":"pong"}')
    if (told.type !== 'next' && told.type !== 'error') return
    const one = waiting.get(told.id)
    waiting.delete(told.id)
    const fault = told.type === 'error' ? told.payload[0] : told.payload.errors?.[0]
    if (fault) one?.reject(new Refused(fault))
    else if (told.type === 'next') one?.resolve(told.payload.data)
  })
  socket.on('close', (code, reason) => {
    for (const { reject } of waiting.values()) reject(new Error(`the link closed with ${code} ${reason.toString()}`))
  })
  const askText = <T>(query: string, variables: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const id = String(++asked)
      waiting.set(id, { resolve: resolve, reject })
      const head = `{"id":"${id}","type":"subscribe","payload":{"query":${JSON.stringify(query)},"variables":`
      socket.send(`${head}${variables}}}`)
    })
  return {
    instance,
    run,
    askText,
    ask: (query, variables) => askText(query, JSON.stringify(variables)),
    close: async () => socket.terminate(),
  }
}
