// An agent without a machine: a real key, enrolment and link, and whatever operations a test sends over it.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import {
  type AgentAck,
  type AgentInit,
  enrolStatement,
  linkStatement,
  NONCE_HEADER,
} from '@sindri/schema/contract/protocol'
import { WebSocket } from 'ws'
import { createClient } from 'graphql-ws'
import { createIds } from '../platform/ids.ts'
import { systemClock } from '../platform/clock.ts'
import type { Json } from './client.ts'

export interface TestLink {
  ack: AgentAck
  ask<Data = Json>(query: string, variables?: Json): Promise<Data>
  watch<Data = Json>(query: string, variables?: Json): AsyncIterableIterator<Data>
  /** Signs what the console sent for renewing the token. */
  sign(nonce: string): string
  closed: Promise<{ code: number; reason: string }>
  close(): Promise<void>
}

export interface TestAgent {
  /** "ins_…" */
  id: string
  name: string
  run: string
  token: string
  publicKey: string
  /** What it enrolled with. */
  registration: Json
  /** Enrols again with the same key. */
  enrol(): Promise<Json>
  /** The payload of `connection_init` for a socket of that nonce. */
  init(nonce: string, more?: Partial<AgentInit>): AgentInit
  /** A new link; an older one is superseded by it. */
  link(init?: Partial<AgentInit>): Promise<TestLink>
}

const REGISTER = `mutation ($input: RegisterInstanceInput!) {
  registerInstance(input: $input) { id instanceId agentToken tokenExpiresAt heartbeatSeconds metricsSeconds consoleVersion linkUrl }
}`

const textOf = (errors: readonly { message: string; extensions?: Json | undefined }[]): string =>
  errors.map(({ message, extensions }) => `${extensions?.code}: ${message}`).join('\n')

export const enrolTestAgent = async (url: string, secret: string, facts: Json = {}): Promise<TestAgent> => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const key = publicKey.export({ format: 'jwk' }).x ?? ''
  const signed = (text: string): string => sign(null, Buffer.from(text), privateKey).toString('base64url')
  const name = (facts.instanceId as string | undefined) ?? `box-${randomBytes(4).toString('hex')}`
  const run = createIds(systemClock).make('request').slice(4)

  const registration: Json = {
    hostname: name,
    ...facts,
    instanceId: name,
    publicKey: key,
    proof: signed(enrolStatement(name, key)),
  }

  const enrol = async (): Promise<Json> => {
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: REGISTER, variables: { input: registration } }),
    })
    const { data, errors } = (await answer.json()) as { data?: { registerInstance: Json }; errors?: [] }
    if (errors || !data) throw new Error(textOf(errors ?? []))
    return data.registerInstance
  }
  const { id, agentToken } = await enrol()

  const init = (nonce: string, more: Partial<AgentInit> = {}): AgentInit => ({
    kind: 'agent',
    protocolVersion: '1.0',
    instance: id,
    token: agentToken,
    run,
    signature: signed(linkStatement(nonce, id, more.run ?? run)),
    agentVersion: '0.1.0',
    hostname: name,
    heartbeatMs: 10_000,
    metricsMs: 30_000,
    notices: [],
    ...more,
  })

  return {
    id,
    name,
    run,
    token: agentToken,
    publicKey: key,
    registration,
    enrol,
    init,

    async link(more = {}) {
      const opened = Promise.withResolvers<AgentAck>()
      const closed = Promise.withResolvers<{ code: number; reason: string }>()
      let nonce = ''
      class SignedSocket extends WebSocket {
        constructor(address: string | URL, protocols?: string | string[]) {
          super(address, protocols, { perMessageDeflate: false })
          this.on('upgrade', (response) => (nonce = String(response.headers[NONCE_HEADER])))
        }
      }
      const signFor = (text: string): string => signed(linkStatement(text, id, more.run ?? run))
      const client = createClient({
        url: `${url.replace(/^http/, 'ws')}/graphql`,
        webSocketImpl: SignedSocket,
        lazy: false,
        retryAttempts: 0,
        onNonLazyError: () => {},
        connectionParams: () => ({ ...init(nonce, more) }),
        on: {
          connected: (_, payload) => opened.resolve(payload as unknown as AgentAck),
          closed: (event) => {
            const { code, reason } = event as { code: number; reason: string }
            closed.resolve({ code, reason })
            opened.reject(new Error(`the link closed with ${code}: ${reason}`))
          },
        },
      })
      const ack = await opened.promise
      return {
        ack,
        sign: signFor,
        closed: closed.promise,
        close: async () => {
          await client.dispose()
        },
        ask: (query, variables = {}) =>
          new Promise((resolve, reject) =>
            client.subscribe<never>(
              { query, variables },
              {
                next: ({ data, errors }) => (errors ? reject(new Error(textOf(errors))) : resolve(data as never)),
                error: (error) =>
                  reject(
                    Array.isArray(error)
                      ? new Error(textOf(error))
                      : error instanceof Error
                        ? error
                        : new Error('the link closed'),
                  ),
                complete: () => reject(new Error('the operation ended without an answer')),
              },
            ),
          ),
        async *watch(query, variables = {}) {
          for await (const { data, errors } of client.iterate<never>({ query, variables })) {
            if (errors) throw new Error(textOf(errors))
            if (data) yield data
          }
        },
      }
    },
  }
}
