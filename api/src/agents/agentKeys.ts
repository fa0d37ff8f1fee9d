// Ed25519 keys of agents: read, named by their thumbprint (RFC 7638), and asked whether they signed something.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { badInput } from '@sindri/schema/contract/codes'

/** Bytes as base64url in the only spelling they have. */
const bytesOf = (text: unknown, length: number): Buffer | null => {
  if (typeof text !== 'string' || text.length !== Math.ceil((length * 4) / 3) || !/^[\w-]+$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64url')
  return bytes.length === length && bytes.toString('base64url') === text ? bytes : null
}

export const demandPublicKey = (field: string, text: unknown): string => {
  if (bytesOf(text, 32) === null)
    throw badInput(field, 'an Ed25519 public key, 32 bytes as base64url without padding', text)
  return text as string
}

export const thumbprintOf = (publicKey: string): string =>
  createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${publicKey}"}`).digest('base64url')

export const hasSigned = (publicKey: string, statement: string, signature: unknown): boolean => {
  const bytes = bytesOf(signature, 64)
  if (bytes === null) return false
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' })
  return verify(null, Buffer.from(statement), key, bytes)
}
