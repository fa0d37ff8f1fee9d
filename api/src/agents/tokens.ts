// Agent tokens: JWTs bound to the agent's key (cnf.jkt), signed with keys that all replicas share through the database.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { CryptoKey, JWK } from 'jose'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import { newSecret } from '../platform/secrets.ts'

export interface IssuedToken {
  token: string
  expiresAt: Date
}

/** What a token says, whether or not it has expired: a fresh signature renews it. */
export interface TokenClaims {
  instanceId: string
  thumbprint: string
}

export interface ReadToken extends TokenClaims {
  expiresAt: Date
}

export interface Tokens {
  issue(claims: TokenClaims): Promise<IssuedToken>
  /** null for a token that no key of this console has signed. */
  read(token: string): Promise<ReadToken | null>
  /** The token itself while more than half of its life is left, so that whoever comes back soon has nothing to write down; else a new one. */
  renew(token: string, read: ReadToken): Promise<IssuedToken>
}

const algorithm = 'EdDSA'
const issuer = 'sindri-console'
/** Loaded when the first agent comes, which need not be before the console is ready. */
let loading: Promise<typeof import('jose')> | undefined
const jose = (): Promise<typeof import('jose')> => (loading ??= import('jose'))
/** Replicas that start together make one key. */
const lock = 7_305_415
const longestToken = 2_048

interface Row {
  kid: string
  private_jwk: JWK
}

export const createTokens = ({ db, clock }: { db: Db; clock: Pick<Clock, 'now'> }): Tokens => {
  let signing: Promise<{ kid: string; key: CryptoKey }> | undefined
  /** Asked for once, however many come with the same key at the start of this process. */
  const known = new Map<string, Promise<CryptoKey | null>>()

  const load = async (): Promise<{ kid: string; key: CryptoKey }> => {
    const { exportJWK, generateKeyPair, importJWK } = await jose()
    const newest =
      'select kid, private_jwk from signing_keys where retired_at is null order by created_at desc, kid desc limit 1'
    let [row] = await db.query<Row>(newest)
    if (!row) {
      const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
      const [privateJwk, publicJwk] = await Promise.all([exportJWK(privateKey), exportJWK(publicKey)])
      row = await db.tx(async (tx) => {
        await tx.query('select pg_advisory_xact_lock($1)', [lock])
        const [other] = await tx.query<Row>(newest)
        if (other) return other
        const [made] = await tx.query<Row>(
          'insert into signing_keys (kid, public_jwk, private_jwk) values ($1, $2, $3) returning kid, private_jwk',
          [newSecret().slice(0, 16), publicJwk, privateJwk],
        )
        return made as Row
      })
    }
    return { kid: row.kid, key: (await importJWK(row.private_jwk, algorithm)) as CryptoKey }
  }

  const signingKey = (): Promise<{ kid: string; key: CryptoKey }> =>
    (signing ??= load().catch((error: unknown) => {
      signing = undefined
      throw error
    }))

  const loadPublic = async (kid: string): Promise<CryptoKey | null> => {
    const [row] = await db.query<{ public_jwk: JWK }>(
      'select public_jwk from signing_keys where kid = $1 and retired_at is null',
      [kid],
    )
    if (!row) return null
    const { importJWK } = await jose()
    return (await importJWK(row.public_jwk, algorithm)) as CryptoKey
  }

  const publicKey = async (kid: unknown): Promise<CryptoKey | null> => {
    if (typeof kid !== 'string' || !/^[\w-]{16}$/.test(kid)) return null
    const remembered = known.get(kid)
    if (remembered) return remembered
    const loading = loadPublic(kid)
    known.set(kid, loading)
    const key = await loading.catch(() => null)
    // One that is unknown may be made by another replica the next moment.
    if (key === null) known.delete(kid)
    return loading
  }

  const tokens: Tokens = {
    async issue({ instanceId, thumbprint }) {
      const [{ SignJWT }, { kid, key }] = await Promise.all([jose(), signingKey()])
      // In whole seconds, as the token says it.
      const issuedAtS = Math.floor(clock.now() / 1000)
      const expiresAtS = issuedAtS + LIMITS.agentTokenMs / 1000
      const token = await new SignJWT({ cnf: { jkt: thumbprint } })
        .setProtectedHeader({ alg: algorithm, kid, typ: 'JWT' })
        .setIssuer(issuer)
        .setSubject(instanceId)
        .setIssuedAt(issuedAtS)
        .setExpirationTime(expiresAtS)
        .sign(key)
      return { token, expiresAt: new Date(expiresAtS * 1000) }
    },

    async read(token) {
      if (token.length > longestToken) return null
      const foreign = new Error('The token was signed by nobody known.')
      const { compactVerify } = await jose()
      try {
        const { payload } = await compactVerify(
          token,
          async ({ kid }) => {
            const key = await publicKey(kid)
            if (!key) throw foreign
            return key
          },
          { algorithms: [algorithm] },
        )
        const { iss, sub, cnf, exp } = JSON.parse(new TextDecoder().decode(payload)) as {
          iss?: unknown
          sub?: unknown
          cnf?: { jkt?: unknown }
          exp?: unknown
        }
        const jkt = cnf?.jkt
        return iss === issuer && typeof sub === 'string' && typeof jkt === 'string' && typeof exp === 'number'
          ? { instanceId: sub, thumbprint: jkt, expiresAt: new Date(exp * 1000) }
          : null
      } catch (error) {
        // What jose or JSON refuse is a bad token; a database that is away is not.
        if (error === foreign || error instanceof SyntaxError || (error as { code?: string }).code?.startsWith('ERR_J'))
          return null
        throw error
      }
    },

    renew(token, read) {
      const leftMs = read.expiresAt.getTime() - clock.now()
      const isYoung = leftMs > LIMITS.agentTokenMs / 2 && leftMs <= LIMITS.agentTokenMs
      return isYoung ? Promise.resolve({ token, expiresAt: read.expiresAt }) : tokens.issue(read)
    },
  }
  return tokens
}
