// Where the console is found: from this machine itself, and from others.
import { networkInterfaces } from 'node:os'
import { isLoopback } from './origin.ts'

export interface Address {
  /** An address this machine reaches itself at. */
  local: string
  /** What others use: SINDRI_PUBLIC_URL, else the address that is bound, else the first one of this machine's networks. */
  outside: string
  /** Nobody but this machine can reach `outside`. */
  loopbackOnly: boolean
}

const WILDCARDS: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

const toUrl = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`

const firstNetwork = (): string | undefined =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address

export const addressOf = (host: string, port: number, publicUrl: URL | null): Address => {
  const loopback = WILDCARDS[host]
  const local = toUrl(loopback ?? host, port)
  const bound = loopback === undefined ? host : (firstNetwork() ?? loopback)
  return {
    local,
    outside: publicUrl?.origin ?? toUrl(bound, port),
    loopbackOnly: isLoopback(publicUrl?.hostname ?? bound),
  }
}
