// Whether a key still opens something, and when the one to be made shall end.
import type { KeyLineFragment } from '../graph/gql/graphql.ts'

export const keyState = (key: KeyLineFragment, now: number): 'open' | 'revoked' | 'expired' => {
  if (key.revokedAt) return 'revoked'
  return key.expiresAt && Date.parse(key.expiresAt) <= now ? 'expired' : 'open'
}

export const LIFETIMES = { in30: 30, in90: 90, in365: 365, never: null } as const
export type Lifetime = keyof typeof LIFETIMES

export const endOf = (lifetime: Lifetime, now: number): string | null => {
  const days = LIFETIMES[lifetime]
  return days === null ? null : new Date(now + days * 86_400_000).toISOString()
}
