// GraphQL over HTTP: JSON only, so that no foreign page can send it without being asked; GET reads and never changes; subscriptions are event streams, or go over the socket.
import type { Context, Ports } from '@sindri/schema'
import { badInput, Fault, FAULTS } from '@sindri/schema/contract/codes'
import type { GraphQLError } from 'graphql'
import { cookiesOf } from './cookies.ts'
import { type Exchange, readText, sendFault } from './exchange.ts'
import type { GraphiQL } from './graphiql.ts'
import { type Asked, type Operations, readAsked } from './operations.ts'
import { codeOf, headersOf } from './shown.ts'
import { eventsIn, type Streams } from './streams.ts'
import type { Viewers } from './viewer.ts'

export interface GraphQLDeps {
  operations: Operations
  ports: Ports
  viewers: Viewers
  streams: Streams
  graphiql: GraphiQL
  isSecure(exchange: Exchange): boolean
}

interface Question {
  asked: Asked
  bytes: number
  readOnly: boolean
  context: Context
}

const JSON_TYPE = /^application\/(graphql\+)?json\s*(;|$)/i

const parseJson = (name: string, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Fault(
      'BAD_INPUT',
      `${name}: expected JSON, got text that does not parse: ${(error as Error).message.slice(0, 120)}`,
    )
  }
}

const readQuestion = async (exchange: Exchange): Promise<Pick<Question, 'asked' | 'bytes'>> => {
  if (exchange.req.method === 'POST') {
    const text = await readText(exchange)
    return { asked: readAsked(parseJson('body', text)), bytes: Buffer.byteLength(text) }
  }
  const { query } = exchange
  const variables = query.get('variables')
  const asked = readAsked({
    query: query.get('query') ?? undefined,
    operationName: query.get('operationName') || undefined,
    variables: variables ? parseJson('variables', variables) : undefined,
  })
  return { asked, bytes: exchange.req.url?.length ?? 0 }
}

export interface GraphQLOverHttp {
  handle(exchange: Exchange): Promise<void>
  /** Loads what the first request needs: a quarter of all modules, which need not be there before the console listens. */
  warm(): Promise<void>
}

export const createGraphQL = ({
  operations,
  ports,
  viewers,
  streams,
  graphiql,
  isSecure,
}: GraphQLDeps): GraphQLOverHttp => {
  // Yoga speaks HTTP here: negotiation, status and form of the answer. What to execute and how is the same as on the socket.
  const open = async () => {
    const { createYoga } = await import('graphql-yoga')
    return createYoga<Question>({
      graphqlEndpoint: '/graphql',
      logging: false,
      maskedErrors: false,
      parserAndValidationCache: false,
      cors: false,
      multipart: false,
      graphiql: false,
      landingPage: false,
      plugins: [
        {
          onRequestParse({ setRequestParser, serverContext }) {
            const { asked } = serverContext as unknown as Question
            setRequestParser(() => asked as never)
          },
          onParams({ setParamsHandler }) {
            setParamsHandler(async ({ context }) => {
              const { asked, context: contextValue, bytes, readOnly } = context as unknown as Question
              const result = await operations.answer(asked, contextValue, bytes, ({ type }) => {
                if (type === 'subscription')
                  throw new Fault(
                    'BAD_QUERY',
                    'Subscriptions need POST with accept: text/event-stream, or graphql-transport-ws at this same address.',
                  )
                if (readOnly && type === 'mutation')
                  throw new Fault('BAD_QUERY', 'Mutations need POST.', { allow: 'POST' })
              })
              // `spec`: whoever accepts plain application/json gets 200 with errors, as GraphQL over HTTP has it.
              if (result.data == null)
                for (const error of result.errors ?? []) error.extensions.http = { spec: true, ...statusOf(error) }
              return result
            })
          },
        },
      ],
    })
  }
  let opened: ReturnType<typeof open> | undefined
  const yoga = () => (opened ??= open())

  return {
    async warm() {
      await yoga()
    },
    async handle(exchange) {
      const { req, res, origin } = exchange
      if (req.method !== 'POST' && req.method !== 'GET') {
        res.setHeader('allow', 'GET, POST')
        return sendFault(exchange, new Fault('BAD_QUERY', `Expected POST or GET, got ${req.method}.`), 405)
      }
      const viewer = await viewers.of(req, origin)
      if (req.method === 'GET' && !exchange.query.has('query') && req.headers.accept?.includes('text/html'))
        return graphiql.handle(exchange, viewer)
      if (req.method === 'POST' && !JSON_TYPE.test(req.headers['content-type'] ?? '')) {
        return sendFault(exchange, badInput('content-type', 'application/json', req.headers['content-type']), 415)
      }
      const { asked, bytes } = await readQuestion(exchange)
      const context: Context = { ...ports, viewer, cookies: cookiesOf(res, isSecure(exchange)) }
      const events = eventsIn(req.headers.accept)
      // A subscription may do something, such as attach to a terminal: like a mutation it needs POST.
      if (req.method === 'POST' && (events === 'only' || (events === 'also' && operations.isSubscription(asked))))
        return streams.handle(exchange, asked, bytes, context)
      const question: Question = { asked, bytes, readOnly: req.method === 'GET', context }
      res.setHeader('cache-control', 'no-store')
      const respond = await yoga()
      await respond(req, res, question)
    },
  }
}

const statusOf = (error: GraphQLError): { status: number; headers?: Record<string, string>; spec?: boolean } => {
  const { retryAfterMs, allow } = error.extensions
  if (typeof allow === 'string') return { status: 405, headers: { allow }, spec: false }
  return {
    status: FAULTS[codeOf(error)].http,
    headers: Object.fromEntries(headersOf(error.extensions)),
    // A limit must be seen by clients that never look into the body.
    ...(typeof retryAfterMs === 'number' && { spec: false }),
  }
}
