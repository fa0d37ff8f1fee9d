// A program's way in: GraphQL over HTTP with a cookie or key, and over graphql-transport-ws.
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'

export interface Answer {
  status: number
  data: Record<string, any> | null
  errors: { message: string; extensions?: { code?: string } & Record<string, unknown> }[]
  headers: Headers
}

export interface Api {
  url: string
  cookie(): string
  raw(init: RequestInit & { path?: string }): Promise<Response>
  /** Every answer, faults included. */
  send(query: string, variables?: Record<string, unknown>): Promise<Answer>
  /** The data; throws on a fault. */
  ask<T = Record<string, any>>(query: string, variables?: Record<string, unknown>): Promise<T>
  /** A session of this person from now on. */
  signIn(who: { email: string; password: string }): Promise<void>
  watch<T = Record<string, any>>(
    query: string,
    variables: Record<string, unknown>,
    onNext: (data: T) => void,
  ): { stop(): void; ended: Promise<unknown> }
  /** Its sockets are gone, as when a network changes; the next operation opens one. */
  drop(): void
  /** Reads nothing more from its socket; the undo reads on. */
  stopReading(): () => void
  close(): Promise<void>
}

/** `cookie` is that of a session which was signed in elsewhere. */
export function openApi(url: string, credential: { key?: string; cookie?: string } = {}): Api {
  let cookie = credential.cookie ?? ''
  const headers = (): Record<string, string> => ({
    ...(cookie && { cookie }),
    ...(credential.key && { authorization: `Bearer ${credential.key}` }),
  })
  const sockets = new Set<WebSocket>()
  class Socket extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols, { headers: { ...(cookie && { cookie }), origin: url } })
      sockets.add(this)
      this.on('close', () => sockets.delete(this))
    }
  }
  let socket: ReturnType<typeof createClient> | undefined
  const client = () =>
    (socket ??= createClient({
      url: `${url.replace(/^http/, 'ws')}/graphql`,
      webSocketImpl: Socket,
      retryAttempts: 0,
      ...(credential.key && { connectionParams: { kind: 'key', key: credential.key } }),
    }))

  const api: Api = {
    url,
    cookie: () => cookie,
    raw: ({ path = '/graphql', ...init }) =>
      fetch(url + path, { ...init, headers: { ...headers(), ...(init.headers as Record<string, string>) } }),
    async send(query, variables = {}) {
      const answer = await api.raw({
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ query, variables }),
      })
      const [fresh] = answer.headers.getSetCookie()
      if (fresh) cookie = fresh.split(';')[0] ?? ''
      const body = (await answer.json()) as { data?: Answer['data']; errors?: Answer['errors'] }
      return { status: answer.status, data: body.data ?? null, errors: body.errors ?? [], headers: answer.headers }
    },
    async ask(query, variables) {
      const { data, errors } = await api.send(query, variables)
      if (errors.length > 0 || !data)
        throw new Error(errors.map((error) => `${error.extensions?.code}: ${error.message}`).join('\n'))
      return data as never
    },
    async signIn(who) {
      await api.ask(
        'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { id } }',
        who,
      )
    },
    watch(query, variables, onNext) {
      const ended = Promise.withResolvers<unknown>()
      const stop = client().subscribe(
        { query, variables },
        {
          next: ({ data, errors }) => (errors ? ended.resolve(errors) : onNext(data as never)),
          error: (error) => ended.resolve(error),
          complete: () => ended.resolve(null),
        },
      )
      return { stop, ended: ended.promise }
    },
    drop() {
      for (const each of sockets) each.terminate()
    },
    stopReading() {
      for (const each of sockets) each.pause()
      return () => {
        for (const each of sockets) each.resume()
      }
    },
    async close() {
      await socket?.dispose()
    },
  }
  return api
}
