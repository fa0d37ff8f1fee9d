// Where a request came from and whether it may speak to this console at all: proxies, Host, and Origin.
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

export interface Addresses {
  /** SINDRI_PUBLIC_URL. */
  publicUrl: URL | null
  /** HOST, as it is bound. */
  host: string
  /** Addresses and networks whose X-Forwarded-… headers are believed. */
  trustedProxies: readonly string[]
}

export interface Origins {
  /** The client's address: that of the connection, or what the trusted proxies say. */
  ipOf(req: IncomingMessage): string
  /** Whether the client speaks TLS: to us, to a trusted proxy, or at a public address that has it. */
  isSecure(req: IncomingMessage): boolean
  /** undefined: the Host header is one of ours. Otherwise what was expected. */
  wrongHost(req: IncomingMessage): string | undefined
  /** Whether the browser's page was served by this console. False without an Origin header. */
  isSameOrigin(req: IncomingMessage): boolean
}

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])

export const isLoopback = (address: string): boolean =>
  address === 'localhost' || address === '::1' || /^(::ffff:)?127\./.test(address)

const listOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

/** IPv4 inside IPv6, as sockets bound to "::" show it, is IPv4. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '')

const parseHost = (host: string): URL | undefined => {
  // Anything that is more than a host and a port would be taken apart into another host.
  if (!/^[A-Za-z0-9._-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/.test(host)) return undefined
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined
}

export const createOrigins = ({ publicUrl, host: bound, trustedProxies }: Addresses): Origins => {
  const trusted = listOf(trustedProxies)
  const isTrusted = (address: string): boolean => {
    const family = isIP(address)
    return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4')
  }
  const boundName = isIP(bound) === 6 ? `[${bound}]` : bound.toLowerCase()

  const connectionOf = (req: IncomingMessage): string => plain(req.socket.remoteAddress ?? '')

  return {
    ipOf(req) {
      let address = connectionOf(req)
      if (trustedProxies.length === 0) return address
      const header = req.headers['x-forwarded-for']
      const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',')
      // From the nearest hop outwards: each is believed only because the one before it is trusted.
      while (isTrusted(address)) {
        const next = plain(hops.pop()?.trim() ?? '')
        if (isIP(next) === 0) break
        address = next
      }
      return address
    },

    isSecure(req) {
      if ('encrypted' in req.socket) return true
      // A proxy in front of SINDRI_PUBLIC_URL=https://… need not be trusted for this.
      if (publicUrl?.protocol === 'https:' && req.headers.host === publicUrl.host) return true
      // Nor need it pass the Host on: a page of that address says where it is.
      if (publicUrl?.protocol === 'https:' && req.headers.origin === publicUrl.origin) return true
      return isTrusted(connectionOf(req)) && req.headers['x-forwarded-proto'] === 'https'
    },

    wrongHost(req) {
      const given = parseHost(req.headers.host ?? '')
      const name = given?.hostname
      // A name that an attacker points at this address is what DNS rebinding needs; an address cannot be pointed elsewhere.
      const right =
        name !== undefined &&
        (LOOPBACK_NAMES.has(name) ||
          name === boundName ||
          name === publicUrl?.hostname ||
          isIP(name.replace(/^\[|\]$/g, '')) !== 0)
      if (right) return undefined
      const names = [...(publicUrl ? [publicUrl.host] : []), 'localhost', 'an IP address']
      return names.join(', ') + (publicUrl ? '' : ' (set SINDRI_PUBLIC_URL to use a name)')
    },

    isSameOrigin(req) {
      const { origin, host } = req.headers
      if (origin === undefined || !URL.canParse(origin)) return false
      if (publicUrl && origin === publicUrl.origin) return true
      // A proxy that ends TLS makes our http their https: the host and port decide.
      const { protocol, host: from } = new URL(origin)
      return (protocol === 'http:' || protocol === 'https:') && from === parseHost(host ?? '')?.host
    },
  }
}
