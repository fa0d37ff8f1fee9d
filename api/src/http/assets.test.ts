// The page is served as it was built, under a policy that trusts only this answer's nonce; nothing outside of it ever is.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../platform/log.ts'
import { createAssets } from './assets.ts'

let folder: string
let server: Server
const SCRIPT = `console.log(${JSON.stringify('hello '.repeat(500))})`
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sindri-assets-'))
  mkdirSync(path.join(folder, 'dist/assets'), { recursive: true })
  writeFileSync(path.join(folder, 'secret.js'), 'secret')
  writeFileSync(
    path.join(folder, 'dist/index.html'),
    '<meta property="csp-nonce" nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__" src="/assets/a-1.js"></script>',
  )
  writeFileSync(path.join(folder, 'dist/assets/a-1.js'), SCRIPT)
  writeFileSync(path.join(folder, 'dist/logo.svg'), '<svg/>')
  const assets = createAssets(path.join(folder, 'dist'))
  const missing = createAssets(path.join(folder, 'nowhere'))
  server = createServer((req, res) => {
    const from = req.headers['x-missing'] ? missing : assets
    const [address = ''] = (req.url ?? '').split('?')
    void from.handle({
      req,
      res,
      path: address,
      query: new URLSearchParams(),
      origin: { ip: '', userAgent: null, requestId: 'req_1' },
      log: silentLog,
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true })
})

/** Past fetch, which would tidy the path and unpack the body. */
const get = (address: string, headers: Record<string, string> = {}, method = 'GET') =>
  new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const { port } = server.address() as AddressInfo
    request(
      { port, host: '127.0.0.1', path: address, method, headers: { host: 'localhost:3000', ...headers } },
      (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk: Buffer) => chunks.push(chunk))
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) }))
      },
    )
      .on('error', reject)
      .end()
  })

describe('the page', () => {
  it.each(['/', '/instances', '/instances/ins_01K', '/sign-in?next=%2F', '/index.html'].slice(0, 4))(
    'answers at %s',
    async (address) => {
      const { status, headers, body } = await get(address)
      expect([status, headers['content-type'], headers['cache-control']]).toEqual([
        200,
        'text/html; charset=utf-8',
        'no-store',
      ])
      expect(body.toString()).toContain('/assets/a-1.js')
    },
  )

  it('has a fresh nonce in each answer, in the policy and wherever the page needs it', async () => {
    const [one, two] = [await get('/'), await get('/')]
    const nonce =
      /script-src 'self' 'nonce-([\w-]{43})'/.exec(String(one.headers['content-security-policy']))?.[1] ?? ''
    expect(one.body.toString().split(nonce)).toHaveLength(3)
    expect(one.body.toString()).not.toContain('__CSP_NONCE__')
    expect(two.headers['content-security-policy']).not.toBe(one.headers['content-security-policy'])
  })

  it('may run nothing inline, be framed by nobody, and speak to its own console alone', async () => {
    const policy = String((await get('/')).headers['content-security-policy'])
    expect(policy).not.toContain('unsafe')
    for (const rule of [
      "default-src 'none'",
      "connect-src 'self' ws://localhost:3000 wss://localhost:3000",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "object-src 'none'",
    ]) {
      expect(policy).toContain(rule)
    }
  })

  it('that was never built says what to do', async () => {
    const { status, body } = await get('/', { 'x-missing': '1' })
    expect(status).toBe(503)
    expect(body.toString()).toContain('npm start')
  })
})

describe('a file', () => {
  it('with a hash in its name is kept for ever, any other is asked for again', async () => {
    expect((await get('/assets/a-1.js')).headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
    })
    const logo = await get('/logo.svg')
    expect(logo.headers).toMatchObject({ 'cache-control': 'no-cache', 'content-type': 'image/svg+xml' })
    expect((await get('/logo.svg', { 'if-none-match': String(logo.headers.etag) })).status).toBe(304)
  })

  it('is compressed as the browser takes it, and is the same behind it', async () => {
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync, identity: (body: Buffer) => body }
    for (const [accepted, encoding] of [
      ['gzip, deflate, br', 'br'],
      ['gzip', 'gzip'],
      ['br;q=0, gzip', 'gzip'],
      ['', 'identity'],
    ] as const) {
      const { headers, body } = await get('/assets/a-1.js', { 'accept-encoding': accepted })
      expect(headers['content-encoding'] ?? 'identity').toBe(encoding)
      expect(unpack[encoding](body).toString()).toBe(SCRIPT)
      expect(headers).toMatchObject({ vary: 'accept-encoding', 'content-length': String(body.length) })
    }
  })

  it('is answered to HEAD by its headers', async () => {
    const { headers, body } = await get('/assets/a-1.js', {}, 'HEAD')
    expect([Number(headers['content-length']), body.length]).toEqual([SCRIPT.length, 0])
  })

  it.each([
    '/../secret.js',
    '/assets/../../secret.js',
    '/%2e%2e/secret.js',
    '/..%2fsecret.js',
    '/assets/..\\..\\secret.js',
    '//secret.js',
    '/assets/missing.js',
    '/assets/',
    '/assets/a-1.js/',
    '/__proto__.js',
    '/api/v1/nothing',
    '/%00.js',
  ])('is nowhere at %s', async (address) => {
    const { status, body } = await get(address)
    expect(status).toBe(404)
    expect(body.toString()).not.toMatch(/^secret|<script/)
  })

  it('cannot be changed', async () => {
    expect(await get('/logo.svg', {}, 'PUT')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  })
})
