// A program's way into a console under test: GraphQL over HTTP and over graphql-transport-ws, with a cookie, a key or nothing.
import { type Client, createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

export interface Shown {
  message: string
  path?: (string | number)[]
  extensions: { code: string; retry: boolean; requestId: string } & Record<string, unknown>
}

export interface Answer<Data> {
  status: number
  headers: Headers
  data: Data | null
  errors: Shown[]
}

export type Json = Record<string, any>

export interface TestClient {
  headers: Record<string, string>
  /** Every answer, faults included. */
  graphql<Data = Json>(query: string, variables?: Json): Promise<Answer<Data>>
  /** The data; throws on a fault, its code first. */
  ask<Data = Json>(query: string, variables?: Json): Promise<Data>
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Made at the first call; closed with the app. */
  socket(): Client
  /** What a subscription sends, in order; `return()` ends it. */
  watch<Data = Json>(query: string, variables?: Json): AsyncIterableIterator<Data>
  close(): Promise<void>
}

export interface Credential {
  cookie?: string
  key?: string
}

export const createTestClient = (url: string, credential: Credential = {}): TestClient => {
  const headers: Record<string, string> = {
    ...(credential.cookie && { cookie: credential.cookie }),
    ...(credential.key && { authorization: `Bearer ${credential.key}` }),
  }
  class Socket extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { headers: { ...(headers.cookie && { cookie: headers.cookie }), origin: url } })
    }
  }
  let socket: Client | undefined

  const client: TestClient = {
    headers,
    fetch: (path, init = {}) =>
      fetch(url + path, {
        redirect: 'manual',
        ...init,
        headers: { ...headers, ...(init.headers as Record<string, string>) },
      }),

    async graphql(query, variables = {}) {
      const answer = await client.fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
        body: JSON.stringify({ query, variables }),
      })
      const [cookie] = answer.headers.getSetCookie()
      if (cookie) headers.cookie = cookie.split(';')[0] ?? ''
      const { data = null, errors = [] } = (await answer.json()) as { data?: never; errors?: Shown[] }
      return { status: answer.status, headers: answer.headers, data, errors }
    },

    async ask(query, variables) {
      const { data, errors } = await client.graphql<never>(query, variables)
      if (errors.length > 0 || !data)
        throw new Error(errors.map(({ extensions, message }) => `${extensions.code}: ${message}`).join('\n'))
      return data
    },

    socket: () =>
      (socket ??= createClient({
        url: `${url.replace(/^http/, 'ws')}/graphql`,
        webSocketImpl: Socket,
        retryAttempts: 0,
        ...(credential.key && { connectionParams: { kind: 'key', key: credential.key } }),
      })),

    async *watch(query, variables = {}) {
      for await (const { data, errors } of client.socket().iterate<never>({ query, variables })) {
        if (errors)
          throw new Error(errors.map(({ extensions, message }) => `${String(extensions?.code)}: ${message}`).join('\n'))
        if (data) yield data
      }
    },

    async close() {
      await socket?.dispose()
    },
  }
  return client
}
