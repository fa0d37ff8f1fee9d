// Who is addressed, from where, and whether a page is ours.
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type Addresses, createOrigins } from './origin.ts'

const request = (headers: Record<string, string>, remoteAddress = '127.0.0.1'): IncomingMessage =>
  ({ headers, socket: { remoteAddress } }) as unknown as IncomingMessage
const origins = (more: Partial<Addresses> = {}) =>
  createOrigins({ publicUrl: null, host: '127.0.0.1', trustedProxies: [], ...more })

describe('the Host header', () => {
  it.each(['localhost', 'localhost:3000', '127.0.0.1:3000', '[::1]:3000', '192.0.2.7', '[2001:db8::1]:3000'])(
    'may be %s',
    (host) => {
      expect(origins().wrongHost(request({ host }))).toBeUndefined()
    },
  )

  it.each([
    'evil.example',
    'localhost.evil.example',
    'evil.example:3000',
    '',
    'a@localhost',
    'localhost:3000@evil.example',
    'localhost/x',
    'local host',
    '[::1',
  ])('may not be %j', (host) => {
    expect(origins().wrongHost(request({ host }))).toContain('localhost')
  })

  it('may be the name of SINDRI_PUBLIC_URL or HOST', () => {
    const named = origins({ publicUrl: new URL('https://console.example.com'), host: 'box.lan' })
    expect(named.wrongHost(request({ host: 'console.example.com' }))).toBeUndefined()
    expect(named.wrongHost(request({ host: 'Box.lan:3000' }))).toBeUndefined()
    expect(named.wrongHost(request({ host: 'other.example.com' }))).toBe(
      'console.example.com, localhost, an IP address',
    )
  })
})

describe('the address of a client', () => {
  const forwarded = { 'x-forwarded-for': '198.51.100.9, 203.0.113.5, 10.0.0.7', 'x-forwarded-proto': 'https' }

  it('is that of the connection where no proxy is trusted', () => {
    expect(origins().ipOf(request(forwarded, '::ffff:10.0.0.2'))).toBe('10.0.0.2')
    expect(origins({ trustedProxies: ['10.0.0.0/8'] }).ipOf(request(forwarded, '192.0.2.1'))).toBe('192.0.2.1')
  })

  it('is the first one, from the near end, that is no trusted proxy', () => {
    const { ipOf } = origins({ trustedProxies: ['10.0.0.0/8', '::1'] })
    expect(ipOf(request(forwarded, '10.0.0.2'))).toBe('203.0.113.5')
    expect(ipOf(request(forwarded, '::1'))).toBe('203.0.113.5')
    expect(ipOf(request({ 'x-forwarded-for': 'nonsense' }, '10.0.0.2'))).toBe('10.0.0.2')
    expect(ipOf(request({}, '10.0.0.2'))).toBe('10.0.0.2')
  })

  it('is secure when a trusted proxy says so, and only then', () => {
    expect(origins({ trustedProxies: ['10.0.0.0/8'] }).isSecure(request(forwarded, '10.0.0.2'))).toBe(true)
    expect(origins().isSecure(request(forwarded, '10.0.0.2'))).toBe(false)
  })

  it('is secure at a public address with TLS, and not where it came in beside it', () => {
    const { isSecure } = origins({ publicUrl: new URL('https://console.example.com') })
    expect(isSecure(request({ host: 'console.example.com' }))).toBe(true)
    expect(isSecure(request({ host: 'localhost:3000' }))).toBe(false)
    expect(isSecure(request({ host: '127.0.0.1:3000', origin: 'https://console.example.com' }))).toBe(true)
    expect(isSecure(request({ host: '127.0.0.1:3000', origin: 'http://127.0.0.1:3000' }))).toBe(false)
  })
})

describe('a page is ours', () => {
  const { isSameOrigin } = origins({ publicUrl: new URL('https://console.example.com') })

  it.each([
    ['http://localhost:3000', 'localhost:3000', true],
    ['https://console.example.com', '127.0.0.1:3000', true],
    ['https://127.0.0.1:3000', '127.0.0.1:3000', true],
    ['http://localhost:5173', 'localhost:3000', false],
    ['https://evil.example', 'localhost:3000', false],
    ['null', 'localhost:3000', false],
    ['file://localhost:3000', 'localhost:3000', false],
  ])('%s at %s: %s', (origin, host, expected) => {
    expect(isSameOrigin(request({ origin, host }))).toBe(expected)
  })

  it('and without an Origin it is not', () => {
    expect(isSameOrigin(request({ host: 'localhost:3000' }))).toBe(false)
  })
})
