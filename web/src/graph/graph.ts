// How the page talks to the console: questions and changes over fetch, what moves over the socket.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { type AnyVariables, Client, type OperationResult, fetchExchange } from '@urql/vue'
import { print } from 'graphql'
import { type InjectionKey, type ShallowRef, inject } from 'vue'
import type { Clock, Undo } from '../platform/clock.ts'
import { type ShownFault, toFault } from './faults.ts'
import type { Link } from './link.ts'
import { createSocket } from './socket.ts'

export interface Receiver<Data> {
  next(data: Data): void
  fault(fault: ShownFault): void
  /** The console has nothing more to say. */
  end?(): void
}

export interface Graph {
  link: Readonly<ShallowRef<Link>>
  /** Both throw a ShownFault. */
  query<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data>
  mutate<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Data>
  /**
   * Begins again by itself after each loss of the link: whoever needs no gap reads again when `link.epoch` rises, or gives variables that
   * say what is known by then.
   */
  subscribe<Data, Variables extends AnyVariables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables | (() => Variables),
    receiver: Receiver<Data>,
  ): Undo
  connect(): void
  disconnect(): void
  tryNow(): void
}

export interface GraphListener {
  /** The console answered that it does not know the session. */
  signedOut(): void
  /** The session ended, or may do something else now: only a question tells which. */
  doubted(): void
  /** Every fault that a request id finds in the log. */
  fault(fault: ShownFault): void
}

export const createGraph = (clock: Clock, listener: GraphListener): Graph => {
  const socket = createSocket(`${location.origin.replace(/^http/, 'ws')}/graphql`, clock, listener.doubted)
  const client = new Client({
    url: '/graphql',
    // No cache exchange: what is on screen is live and kept by its own fold; a second memory could only disagree.
    exchanges: [fetchExchange],
    requestPolicy: 'network-only',
    preferGetMethod: false,
    fetchOptions: { credentials: 'same-origin' },
  })

  const dataOf = <Data>(result: OperationResult<Data>): Data => {
    if (result.error || result.data === undefined) {
      const fault = toFault(result.error)
      if (fault.code === 'UNAUTHENTICATED') listener.signedOut()
      else if (fault.requestId) listener.fault(fault)
      throw fault
    }
    return result.data
  }

  return {
    link: socket.link,
    query: async (document, variables) => dataOf(await client.query(document, variables).toPromise()),
    mutate: async (document, variables) => dataOf(await client.mutation(document, variables).toPromise()),
    subscribe: (document, variables, receiver) =>
      socket.subscribe(
        () => ({
          query: print(document),
          variables: (typeof variables === 'function' ? variables() : variables) as Record<string, unknown>,
        }),
        {
          next: (result) => {
            if (result.errors?.length) receiver.fault(toFault(result.errors))
            else if (result.data) receiver.next(result.data as Parameters<typeof receiver.next>[0])
          },
          error: (reason) => receiver.fault(toFault(reason)),
          complete: () => receiver.end?.(),
        },
      ),
    connect: socket.start,
    disconnect: socket.stop,
    tryNow: socket.tryNow,
  }
}

export const graphKey: InjectionKey<Graph> = Symbol('graph')

export const useGraph = (): Graph => {
  const graph = inject(graphKey)
  if (!graph) throw new Error('useGraph: expected the app to provide a graph, got none')
  return graph
}
