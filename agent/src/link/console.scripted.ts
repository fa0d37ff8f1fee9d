// A console for tests: real HTTP and real WebSockets on a port of its own, doing what it is told, wrong things included.
import {
  type AgentAck,
  type AgentInit,
  enrolStatement,
  linkStatement,
  NONCE_HEADER,
  PROTOCOL,
} from '@sindri/schema/contract/protocol'
import { createPublicKey, randomBytes, verify } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'

export interface Asked {
  id: string
  /** Of the operation, such as "Heartbeat". */
  name: string
  variables: Values
}

/** Whatever was sent: tests say what they expect of it. */
type Values = Readonly<Record<string, unknown>>

/** `undefined` is answered by nothing at all. */
export type Reply = { data: unknown } | { errors: unknown } | { frame: unknown } | undefined

export interface ScriptedLink {
  readonly init: AgentInit
  readonly ws: WebSocket
  /** Every operation so far, in order. */
  readonly asked: Asked[]
  of(name: string): Asked[]
  /** Over the subscription, as it is. */
  order(order: unknown): void
  answer(id: string, reply: Reply): void
  /** A frame as it is: text, or bytes that are sent as a binary frame. */
  send(frame: string | Uint8Array): void
  /** Bytes on the wire below WebSocket. */
  sendRaw(bytes: Uint8Array): void
  /** null until it has closed. */
  closedWith(): number | null
}

export interface Behaviour {
  /** The whole answer to an enrolment; without it a good one. */
  enrol: ((input: Values, request: IncomingMessage) => HttpAnswer | 'nothing') | null
  /** What becomes of an upgrade. */
  upgrade: 'accept' | 'withoutNonce' | 'nothing' | HttpAnswer
  /** The payload of the acknowledgement, a close, or nothing at all. */
  ack: (good: AgentAck) => { payload: unknown } | { close: number; reason?: string } | 'nothing'
  reply: (asked: Asked) => Reply
}

export interface HttpAnswer {
  status: number
  headers?: Record<string, string>
  body?: string
}

export interface ScriptedConsole {
  readonly url: string
  readonly linkUrl: string
  readonly secret: string
  readonly behaviour: Behaviour
  readonly enrolments: { input: Values; authorization: string | undefined }[]
  /** Upgrades that were asked for, the refused ones included. */
  upgrades(): number
  /** Links that were acknowledged, in order. */
  readonly links: ScriptedLink[]
  last(): ScriptedLink
  /** Lets this key in as if it had enrolled. */
  admit(instance: string, publicKey: string): void
  /** Forgets all keys. */
  forget(): void
  close(): Promise<void>
}

const day = 86_400_000

const isSigned = (publicKey: string, text: string, signature: string): boolean => {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
}

/** What a console in good order answers. */
export const goodReply = ({ name, variables }: Asked, nowMs = Date.now()): Reply => {
  const publish = /^Publish(Samples|Gaps|Events|CommandRecords)$/.exec(name)?.[1]
  if (publish)
    return {
      data: { [`publish${publish}`]: { outcomes: (variables.records as unknown[]).map(() => 'STORED'), refusals: [] } },
    }
  switch (name) {
    case 'Heartbeat':
      return { data: { heartbeat: new Date(nowMs).toISOString() } }
    case 'RenewAgentToken':
      return {
        data: {
          renewAgentToken: {
            token: `token-${randomBytes(4).toString('hex')}`,
            expiresAt: new Date(nowMs + day).toISOString(),
            renewNonce: 'next',
          },
        },
      }
    case 'ReportTerminals':
      return { data: { reportTerminals: [] } }
    case 'Orders':
    case 'OrdersWithCommands':
      return undefined
    default:
      return { data: { [name.charAt(0).toLowerCase() + name.slice(1)]: true } }
  }
}

export async function openScriptedConsole(changes: Partial<Behaviour> = {}): Promise<ScriptedConsole> {
  const behaviour: Behaviour = {
    enrol: null,
    upgrade: 'accept',
    ack: (good) => ({ payload: good }),
    reply: (asked) => goodReply(asked),
    ...changes,
  }
  const secret = randomBytes(8).toString('hex')
  const keys = new Map<string, string>()
  const enrolments: ScriptedConsole['enrolments'] = []
  const links: ScriptedLink[] = []
  const streams = new Set<Duplex>()
  let upgrades = 0
  let epoch = 0

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as { variables: { input: Values } }
      const { authorization } = request.headers
      enrolments.push({ input: variables.input, authorization })
      const answer = behaviour.enrol?.(variables.input, request) ?? goodEnrolment(variables.input, authorization)
      if (answer === 'nothing') return
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
      response.end(answer.body)
    })
  })
  server.on('connection', (stream) => {
    streams.add(stream)
    stream.on('close', () => streams.delete(stream))
    stream.on('error', () => {})
  })

  function goodEnrolment(input: Values, authorization: string | undefined): HttpAnswer {
    const { instanceId, publicKey, proof } = input as Record<'instanceId' | 'publicKey' | 'proof', string>
    const refuse = (code: string): HttpAnswer => ({
      status: 200,
      body: JSON.stringify({ errors: [{ message: `refused: ${code}`, extensions: { code } }], data: null }),
    })
    if (authorization !== `Bearer ${secret}`) return refuse('UNAUTHENTICATED')
    if (!isSigned(publicKey, enrolStatement(instanceId, publicKey), proof)) return refuse('BAD_INPUT')
    const id = `ins_${instanceId}`
    keys.set(id, publicKey)
    const registerInstance = { id, instanceId, agentToken: 'token-enrolled', linkUrl: scripted.linkUrl }
    return { status: 200, body: JSON.stringify({ data: { registerInstance } }) }
  }

  const sockets = new WebSocketServer({ noServer: true, maxPayload: 4 * 1024 * 1024, perMessageDeflate: false })
  const nonces = new WeakMap<IncomingMessage, string>()
  sockets.on('headers', (headers, request) => {
    const nonce = nonces.get(request)
    if (nonce) headers.push(`${NONCE_HEADER}: ${nonce}`)
  })
  server.on('upgrade', (request, stream, head) => {
    upgrades++
    const { upgrade } = behaviour
    if (upgrade === 'nothing') return
    if (typeof upgrade === 'object') {
      const { status, headers = {}, body = '' } = upgrade
      const lines = Object.entries({ connection: 'close', 'content-length': `${body.length}`, ...headers }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      )
      return void stream.end(`HTTP/1.1 ${status} Whatever\r\n${lines.join('')}\r\n${body}`)
    }
    const nonce = randomBytes(32).toString('base64url')
    if (upgrade === 'accept') nonces.set(request, nonce)
    sockets.handleUpgrade(request, stream, head, (ws) => serve(ws, stream, nonce))
  })

  function serve(ws: WebSocket, stream: Duplex, nonce: string): void {
    const asked: Asked[] = []
    let closedWith: number | null = null
    let subscription: string | undefined
    ws.on('error', () => {})
    ws.on('close', (code) => (closedWith = code))
    const send = (frame: unknown): void => ws.send(JSON.stringify(frame))

    function answer(id: string, reply: Reply): void {
      if (!reply) return
      if ('frame' in reply) return ws.send(typeof reply.frame === 'string' ? reply.frame : JSON.stringify(reply.frame))
      send({ id, type: 'next', payload: reply })
      send({ id, type: 'complete' })
    }

    function welcome(init: AgentInit): void {
      const publicKey = keys.get(init.instance)
      if (!publicKey || !isSigned(publicKey, linkStatement(nonce, init.instance, init.run), init.signature)) {
        return ws.close(4460, 'Expected a signature over the nonce of this socket, got another one.')
      }
      const good: AgentAck = {
        protocolVersion: `${PROTOCOL.major}.${PROTOCOL.minor}`,
        consoleVersion: '0.1.0',
        consoleTime: Date.now(),
        token: `token-${++epoch}`,
        tokenExpiresAt: Date.now() + day,
        renewNonce: `renew-${epoch}`,
        epoch,
        heartbeatMs: init.heartbeatMs,
        metricsMs: init.metricsMs,
      }
      const ack = behaviour.ack(good)
      if (ack === 'nothing') return
      if ('close' in ack) return ws.close(ack.close, ack.reason)
      links.push({
        init,
        ws,
        asked,
        of: (name) => asked.filter((each) => each.name === name),
        order: (order) => send({ id: subscription, type: 'next', payload: { data: { orders: order } } }),
        answer,
        send: (frame) => ws.send(frame),
        sendRaw: (bytes) => void stream.write(bytes),
        closedWith: () => closedWith,
      })
      send({ type: 'connection_ack', ...('payload' in ack && { payload: ack.payload }) })
    }

    ws.on('message', (text: Buffer) => {
      const message = JSON.parse(text.toString()) as { type: string; id: string; payload: unknown }
      if (message.type === 'connection_init') return welcome(message.payload as AgentInit)
      if (message.type === 'ping') return send({ type: 'pong' })
      if (message.type !== 'subscribe') return
      const { query, variables = {} } = message.payload as { query: string; variables?: Values }
      const name = /^\s*\w+\s+(\w+)/.exec(query)?.[1] ?? ''
      const one: Asked = { id: message.id, name, variables }
      if (name.startsWith('Orders')) subscription = message.id
      asked.push(one)
      answer(one.id, behaviour.reply(one))
    })
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const scripted: ScriptedConsole = {
    url: `http://${host}`,
    linkUrl: `ws://${host}/graphql`,
    secret,
    behaviour,
    enrolments,
    links,
    upgrades: () => upgrades,
    last() {
      const link = links.at(-1)
      if (!link) throw new Error('expected a link, there was none')
      return link
    },
    admit: (instance, publicKey) => void keys.set(instance, publicKey),
    forget: () => keys.clear(),
    async close() {
      for (const stream of streams) stream.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return scripted
}
