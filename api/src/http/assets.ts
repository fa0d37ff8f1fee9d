// Serves the built page of the console: hashed files for ever, compressed once, and for every address of the app one page with a fresh nonce.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { Fault } from '@sindri/schema/contract/codes'
import { newSecret } from '../platform/secrets.ts'
import { type Exchange, noSuchAddress, sendFault, sendText } from './exchange.ts'
import { pagePolicy } from './headers.ts'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
}
const COMPRESSIBLE = /^(text\/|application\/(json|manifest|wasm)|image\/svg)/
/** Smaller files gain nothing. */
const COMPRESS_FROM_BYTES = 1024

type Encoding = 'br' | 'gzip' | 'identity'

const compress: Record<Exclude<Encoding, 'identity'>, (bytes: Buffer) => Promise<Buffer>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } }),
  gzip: (bytes) => promisify(gzip)(bytes),
}

interface Asset {
  type: string
  etag: string
  body(encoding: Encoding): Promise<Buffer>
}

/** The page shown where nothing was built; said in words, because whoever sees it can act on it. */
const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sindri Console</title>
<h1>The console runs, but its page has not been built.</h1>
<p>Run <code>npm start</code>, which builds it, or <code>npm run dev</code>. The API answers at <code>/graphql</code>.</p></html>
`

const openAsset = async (file: string, type: string): Promise<Asset> => {
  const bytes = await readFile(file)
  const known = new Map<Encoding, Promise<Buffer>>()
  const worthIt = bytes.length >= COMPRESS_FROM_BYTES && COMPRESSIBLE.test(type)
  return {
    type,
    etag: createHash('sha256').update(bytes).digest('base64url').slice(0, 22),
    body(encoding) {
      if (encoding === 'identity' || !worthIt) return Promise.resolve(bytes)
      let body = known.get(encoding)
      if (!body) known.set(encoding, (body = compress[encoding](bytes)))
      return body
    },
  }
}

const encodingFor = (accepted: string | string[] | undefined): Encoding => {
  const names = String(accepted ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';')[0])
  return names.includes('br') ? 'br' : names.includes('gzip') ? 'gzip' : 'identity'
}

export interface Assets {
  handle(exchange: Exchange): Promise<void>
}

export const createAssets = (dist: string): Assets => {
  let listed: Map<string, string> | undefined
  const opened = new Map<string, Promise<Asset>>()
  let page: Promise<string> | undefined

  /** Only what was listed is ever opened: an address never becomes a path. */
  const files = (): Map<string, string> => {
    if (listed) return listed
    if (!existsSync(path.join(dist, 'index.html'))) return new Map()
    listed = new Map(
      readdirSync(dist, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name))
        .map((file) => [`/${path.relative(dist, file).split(path.sep).join('/')}`, file]),
    )
    return listed
  }

  const sendPage = async (exchange: Exchange): Promise<void> => {
    const { req, res } = exchange
    const nonce = newSecret()
    const html = await (page ??= readFile(path.join(dist, 'index.html'), 'utf8'))
    res.setHeader('content-security-policy', pagePolicy(nonce, req.headers.host ?? ''))
    res.setHeader('cache-control', 'no-store')
    sendText(exchange, 200, TYPES['.html'] ?? '', html.replaceAll('__CSP_NONCE__', nonce))
  }

  const sendAsset = async ({ req, res, path: address }: Exchange, file: string): Promise<void> => {
    let opening = opened.get(file)
    if (!opening) {
      opening = openAsset(file, TYPES[path.extname(file)] ?? 'application/octet-stream')
      opening.catch(() => opened.delete(file))
      opened.set(file, opening)
    }
    const asset = await opening
    const encoding = encodingFor(req.headers['accept-encoding'])
    const etag = `"${asset.etag}-${encoding}"`
    // Files under /assets carry a hash of their content in their names.
    res.setHeader('cache-control', address.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache')
    res.setHeader('etag', etag)
    res.setHeader('vary', 'accept-encoding')
    if (req.headers['if-none-match']?.includes(etag)) return void res.writeHead(304).end()
    const identity = await asset.body('identity')
    const body = await asset.body(encoding)
    if (body !== identity) res.setHeader('content-encoding', encoding)
    res.writeHead(200, { 'content-type': asset.type, 'content-length': body.length })
    res.end(req.method === 'HEAD' ? undefined : body)
  }

  return {
    async handle(exchange) {
      const { req, res, path: address } = exchange
      if (req.method !== 'GET' && req.method !== 'HEAD') {
        res.setHeader('allow', 'GET, HEAD')
        return sendFault(exchange, new Fault('BAD_INPUT', `Expected GET, got ${req.method}.`), 405)
      }
      const known = files()
      const file = address === '/index.html' ? undefined : known.get(address)
      if (file) return sendAsset(exchange, file)
      // Addresses of the app have no extension; a file that is missing must not answer with a page.
      if (
        address !== '/index.html' &&
        (path.posix.extname(address) !== '' || address.startsWith('/assets/') || address.startsWith('/api/'))
      ) {
        return sendFault(exchange, noSuchAddress(exchange))
      }
      if (known.size === 0) return sendText(exchange, 503, TYPES['.html'] ?? '', NOT_BUILT)
      return sendPage(exchange)
    },
  }
}
