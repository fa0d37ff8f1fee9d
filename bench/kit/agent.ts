// A simulated agent that speaks the real protocol: a real key, a real link, no machine behind it.
import { enrolStatement, linkStatement, NONCE_HEADER } from '@sindri/schema/contract/protocol'
import { createClient } from 'graphql-ws'
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import WebSocket from 'ws'

export interface SimulatedAgent {
  instance: string
  run: string
  ask<T>(query: string, variables: Record<string, unknown>): Promise<T>
  close(): Promise<void>
}

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
  const { id, agentToken, linkUrl } = data.registerInstance
  const run = newRun()
  let nonce = ''
  class Socket extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { perMessageDeflate: false })
      this.on('upgrade', ({ headers }) => (nonce = String(headers[NONCE_HEADER])))
    }
  }
  const linked = Promise.withResolvers<void>()
  const client = createClient({
    url: linkUrl,
    webSocketImpl: Socket,
    lazy: false,
    retryAttempts: 0,
    keepAlive: 10_000,
    onNonLazyError: (error) => linked.reject(error instanceof Error ? error : new Error(JSON.stringify(error))),
    connectionParams: () => ({
      kind: 'agent',
      protocolVersion: '1.0',
      instance: id,
      token: agentToken,
      run,
      signature: signed(linkStatement(nonce, id, run)),
      agentVersion: 'bench',
      hostname: name,
      heartbeatMs: 10_000,
      metricsMs: 30_000,
      notices: [],
    }),
    on: { connected: () => linked.resolve() },
  })
  await linked.promise
  return {
    instance: id,
    run,
    ask: (query, variables) =>
      new Promise((resolve, reject) => {
        client.subscribe(
          { query, variables },
          {
            next: ({ data: got, errors: faults }) =>
              faults ? reject(new Error(faults[0]?.message)) : resolve(got as never),
            error: (error) => reject(error instanceof Error ? error : new Error(JSON.stringify(error))),
            complete: () => {},
          },
        )
      }),
    close: async () => client.dispose(),
  }
}
