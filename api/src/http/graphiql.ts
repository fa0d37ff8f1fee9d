// GraphiQL for who is signed in: served by the console itself, loaded only when somebody opens it, under a policy of its own.
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type * as bundled from '@graphql-yoga/render-graphiql/graphiql'
import type { Viewer } from '@sindri/schema'
import { newSecret } from '../platform/secrets.ts'
import { type Exchange, sendText } from './exchange.ts'

export interface GraphiQL {
  /** The page itself, for users and keys; others are sent to sign in. */
  handle(exchange: Exchange, viewer: Viewer): Promise<void>
  /** Routes of its parts, by path. */
  parts: Record<string, (exchange: Exchange) => Promise<void>>
}

type Bundle = typeof bundled

const WORKERS = { editorWorkerService: 'editorWorkerService', json: 'jsonWorker', graphql: 'graphqlWorker' } as const

const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    // The editor places its lines by style attributes.
    "style-src-attr 'unsafe-inline'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "worker-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')

const page = (nonce: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Sindri Console: GraphQL</title>
    <link rel="icon" href="/logo.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/graphql/graphiql.css" />
  </head>
  <body id="body" class="no-focus-outline">
    <div id="root"></div>
    <script nonce="${nonce}">
      const make = document.createElement
      document.createElement = function (...args) {
        const element = make.apply(this, args)
        if (element instanceof HTMLStyleElement) element.nonce = '${nonce}'
        return element
      }
      self.MonacoEnvironment = { globalAPI: false, getWorkerUrl: (_, label) => '/graphql/' + label + '.js' }
    </script>
    <script nonce="${nonce}" src="/graphql/graphiql.js"></script>
    <script nonce="${nonce}">
      YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), { endpoint: '/graphql', subscriptionsProtocol: 'SSE', method: 'POST', title: 'Sindri Console' })
    </script>
  </body>
</html>
`

export const createGraphiQL = (): GraphiQL => {
  let bundle: Promise<Bundle> | undefined
  const compressed = new Map<string, Promise<{ etag: string; body: Buffer }>>()

  const compress = async (pick: keyof Bundle): Promise<{ etag: string; body: Buffer }> => {
    const text = (await (bundle ??= import('@graphql-yoga/render-graphiql/graphiql')))[pick]
    const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
    return { etag, body: await promisify(gzip)(text) }
  }

  const part =
    (pick: keyof Bundle, type: string) =>
    async ({ req, res }: Exchange): Promise<void> => {
      let known = compressed.get(pick)
      if (!known) compressed.set(pick, (known = compress(pick)))
      const { etag, body } = await known
      res.setHeader('cache-control', 'no-cache')
      res.setHeader('etag', etag)
      if (req.headers['if-none-match'] === etag) return void res.writeHead(304).end()
      // Every browser that can run it takes gzip.
      res.writeHead(200, {
        'content-type': `${type}; charset=utf-8`,
        'content-encoding': 'gzip',
        'content-length': body.length,
      })
      res.end(req.method === 'HEAD' ? undefined : body)
    }

  return {
    async handle(exchange, viewer) {
      const { res } = exchange
      if (viewer.kind !== 'user' && viewer.kind !== 'key') return void res.writeHead(302, { location: '/' }).end()
      const nonce = newSecret()
      res.setHeader('content-security-policy', policy(nonce))
      res.setHeader('cache-control', 'no-store')
      sendText(exchange, 200, 'text/html; charset=utf-8', page(nonce))
    },
    parts: {
      '/graphql/graphiql.js': part('js', 'text/javascript'),
      '/graphql/graphiql.css': part('css', 'text/css'),
      ...Object.fromEntries(
        Object.entries(WORKERS).map(([label, pick]) => [`/graphql/${label}.js`, part(pick, 'text/javascript')]),
      ),
    },
  }
}
