// Enrolment: shows the bootstrap secret once and gets the identity that every link uses from then on.
import { enrolStatement } from '@sindri/schema/contract/protocol'
import { type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AgentEnv } from '../env.ts'
import type { Clock } from '../platform/clock.ts'
import type { Enrolment } from '../platform/stateDir.ts'
import { readAnswer } from './answers.ts'
import { RegisterInstanceDocument, type RegisterInstanceInput } from './gql/graphql.ts'
import { post } from './post.ts'
import { toRefused, Unanswered } from './refused.ts'

export type EnrolFacts = Omit<RegisterInstanceInput, 'instanceId' | 'publicKey' | 'proof'>

export interface EnrolOptions {
  env: Pick<AgentEnv, 'consoleUrl' | 'bootstrapSecret' | 'instanceId'>
  privateKey: KeyObject
  publicKey: string
  facts: EnrolFacts
  clock: Clock
  signal?: AbortSignal
  timeoutMs?: number
}

/** There is no secret to enrol with: something for whoever started the agent. */
export class NoSecret extends Error {
  override readonly name = 'NoSecret'
}

function readSecret(source: AgentEnv['bootstrapSecret']): string {
  if (source === null) {
    throw new NoSecret(
      'SINDRI_CONSOLE_API_KEY: expected the bootstrap secret of the console (or SINDRI_CONSOLE_API_KEY_FILE), got nothing.',
    )
  }
  const [secret, from] = 'value' in source ? [source.value, ''] : [readSecretFile(source.file), '_FILE']
  // A header takes nothing else; the value itself must not be shown.
  if (/^[\x21-\x7e]+$/.test(secret)) return secret
  throw new NoSecret(
    `SINDRI_CONSOLE_API_KEY${from}: expected printable characters without spaces, got others among ${secret.length}.`,
  )
}

function readSecretFile(path: string): string {
  let secret: string
  try {
    secret = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new NoSecret(`SINDRI_CONSOLE_API_KEY_FILE: expected a readable file, got ${(error as Error).message}.`, {
      cause: error,
    })
  }
  if (secret) return secret
  throw new NoSecret(`SINDRI_CONSOLE_API_KEY_FILE: expected the bootstrap secret in ${path}, got an empty file.`)
}

/** Throws `Refused` for an answer, `Unanswered` when there was none, `NoSecret` when there is nothing to ask with. */
export async function enrol(options: EnrolOptions): Promise<Enrolment> {
  const { env, privateKey, publicKey, facts, clock, signal, timeoutMs = 20_000 } = options
  const secret = readSecret(env.bootstrapSecret)
  const proof = sign(null, Buffer.from(enrolStatement(env.instanceId, publicKey)), privateKey).toString('base64url')
  const input: RegisterInstanceInput = { ...facts, instanceId: env.instanceId, publicKey, proof }
  const { status, body, retryAfterMs } = await post({
    url: `${env.consoleUrl}/graphql`,
    headers: { authorization: `Bearer ${secret}` },
    body: { query: RegisterInstanceDocument.query, variables: { input } },
    timeoutMs,
    clock,
    signal,
  })
  if (body.errors) throw toRefused(body.errors)
  if (status !== 200)
    throw new Unanswered(`expected an answer of a Sindri console, got status ${status}`, { retryAfterMs })
  const { id, agentToken, linkUrl } = readAnswer(RegisterInstanceDocument, body.data).registerInstance
  return { instanceId: id, name: env.instanceId, token: agentToken, consoleUrl: env.consoleUrl, linkUrl }
}
