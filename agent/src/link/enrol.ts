// Enrolment: shows the bootstrap secret once and gets the identity that every link uses from then on.
import { enrolStatement } from '@sindri/schema/contract/protocol'
import { type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { AgentEnv } from '../env.ts'
import type { Enrolment } from '../platform/stateDir.ts'
import { RegisterInstanceDocument, type RegisterInstanceInput, type RegisterInstanceMutation } from './gql/graphql.ts'
import { Refused, toRefused, Unanswered } from './refused.ts'

export type EnrolFacts = Omit<RegisterInstanceInput, 'instanceId' | 'publicKey' | 'proof'>

export interface EnrolOptions {
  env: Pick<AgentEnv, 'consoleUrl' | 'bootstrapSecret' | 'instanceId'>
  privateKey: KeyObject
  publicKey: string
  facts: EnrolFacts
  timeoutMs?: number
}

/** The secret is read anew for each try, so that a file that appears later is found. */
export function readSecret(source: AgentEnv['bootstrapSecret']): string {
  if (source === null) {
    throw new Error('SINDRI_CONSOLE_API_KEY: expected the bootstrap secret of the console (or SINDRI_CONSOLE_API_KEY_FILE), got nothing.')
  }
  if ('value' in source) return source.value
  try {
    const secret = readFileSync(source.file, 'utf8').trim()
    if (secret) return secret
  } catch (error) {
    throw new Error(`SINDRI_CONSOLE_API_KEY_FILE: expected a readable file, got ${(error as Error).message}.`, { cause: error })
  }
  throw new Error(`SINDRI_CONSOLE_API_KEY_FILE: expected the bootstrap secret in ${source.file}, got an empty file.`)
}

/** Throws `Refused` for an answer, `Unanswered` when there was none. */
export async function enrol({ env, privateKey, publicKey, facts, timeoutMs = 20_000 }: EnrolOptions): Promise<Enrolment> {
  const secret = readSecret(env.bootstrapSecret)
  const proof = sign(null, Buffer.from(enrolStatement(env.instanceId, publicKey)), privateKey).toString('base64url')
  const input: RegisterInstanceInput = { ...facts, instanceId: env.instanceId, publicKey, proof }
  let answer: Response
  let body: { data?: RegisterInstanceMutation | null; errors?: { message?: unknown; extensions?: unknown }[] }
  try {
    answer = await fetch(`${env.consoleUrl}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: RegisterInstanceDocument.query, variables: { input } }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    body = (await answer.json()) as typeof body
  } catch (error) {
    const { cause } = error as Error
    throw new Unanswered(cause instanceof Error ? cause.message : (error as Error).message, { cause: error })
  }
  if (body.errors?.length) throw toRefused(body.errors)
  if (!body.data) throw new Refused('INTERNAL', `expected an answer of a Sindri console, got status ${answer.status}`)
  const { id, instanceId, agentToken, linkUrl } = body.data.registerInstance
  return { instanceId: id, name: instanceId, token: agentToken, consoleUrl: env.consoleUrl, linkUrl }
}
