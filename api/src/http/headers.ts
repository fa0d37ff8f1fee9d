// The headers that make a browser hold its ground: on every answer, and the content security policy of pages.
import type { ServerResponse } from 'node:http'

export const setSecurityHeaders = (res: ServerResponse, requestId: string, secure: boolean): void => {
  res.setHeader('x-request-id', requestId)
  res.setHeader('x-content-type-options', 'nosniff')
  res.setHeader('x-frame-options', 'DENY')
  res.setHeader('referrer-policy', 'no-referrer')
  res.setHeader('cross-origin-opener-policy', 'same-origin')
  res.setHeader('cross-origin-resource-policy', 'same-origin')
  res.setHeader('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=()')
  // What is no page needs nothing; pages replace it.
  res.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  if (secure) res.setHeader('strict-transport-security', 'max-age=31536000')
}

/** The policy of the console's page. `host` is the Host header: older browsers do not count ws: as 'self'. */
export const pagePolicy = (nonce: string, host: string): string =>
  [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `connect-src 'self' ws://${host} wss://${host}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "object-src 'none'",
  ].join('; ')
