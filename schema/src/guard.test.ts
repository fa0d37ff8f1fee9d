// The guard refuses by role on resolve and on subscribe, and records what it refused.
import { execute, parse, subscribe } from 'graphql'
import { describe, expect, it } from 'vitest'
import { Fault } from './contract/codes.ts'
import { ROLES, type Role } from './contract/roles.ts'
import type { Context, Viewer } from './context.ts'
import { schema } from './index.ts'

const origin = { ip: '127.0.0.1', userAgent: null, requestId: 'req_1' }
const user = (role: Role, mustChangePassword = false): Viewer => ({
  ...origin,
  kind: 'user',
  id: 'usr_1',
  name: 'Dana',
  role,
  mustChangePassword,
  sessionId: 'ses_1',
})

const contextOf = (viewer: Viewer, refused: unknown[][] = []): Context => {
  const ports = {
    viewer,
    cookies: null,
    audit: { refused: async (...args: unknown[]) => void refused.push(args) },
    instances: {
      remove: async () => true,
      changes: async () => (async function* none() {})(),
    },
    terminals: {
      input: async () => {
        throw new Fault('SLOW_AGENT', 'The agent takes no more.')
      },
    },
  }
  return ports as unknown as Context
}

const REMOVE = parse('mutation { removeInstance(id: "ins_1") }')

describe('the guard', () => {
  it.each(ROLES)('lets %s remove an instance exactly as the role table says', async (role) => {
    const result = await execute({ schema, document: REMOVE, contextValue: contextOf(user(role)) })
    const allowed = role === 'OPERATOR' || role === 'ADMIN'
    expect(result.errors?.[0]?.cause).toEqual(allowed ? undefined : expect.objectContaining({ code: 'FORBIDDEN' }))
  })

  it('records a refused mutation with its target, before anything else happens', async () => {
    const refused: unknown[][] = []
    await execute({ schema, document: REMOVE, contextValue: contextOf(user('VIEWER'), refused) })
    expect(refused).toEqual([
      [expect.anything(), 'removeInstance', 'instance.remove', 'ins_1', expect.objectContaining({ code: 'FORBIDDEN' })],
    ])
  })

  it('records a mutation that met a defect, and hands the defect on', async () => {
    const refused: unknown[][] = []
    const context = contextOf(user('ADMIN'), refused)
    const defect = new TypeError('not a function')
    Object.assign(context.instances, { remove: () => Promise.reject(defect) })
    const result = await execute({ schema, document: REMOVE, contextValue: context })
    expect(result.errors?.[0]?.cause).toBe(defect)
    expect(refused).toMatchObject([[{}, 'removeInstance', 'instance.remove', 'ins_1', { code: 'INTERNAL' }]])
  })

  it('does not record terminal input, which the open and close of the terminal cover', async () => {
    const refused: unknown[][] = []
    const document = parse(
      'mutation { sendTerminalInput(terminalId: "t", attachmentId: "a", offset: 0, data: "YQ==") }',
    )
    const result = await execute({ schema, document, contextValue: contextOf(user('DEVELOPER'), refused) })
    expect(result.errors?.[0]?.message).toBe('The agent takes no more.')
    expect(refused).toEqual([])
  })

  it('asks the anonymous to sign in', async () => {
    const anonymous: Viewer = { ...origin, kind: 'anonymous', role: 'ANONYMOUS' }
    const result = await execute({ schema, document: REMOVE, contextValue: contextOf(anonymous) })
    expect(result.errors?.[0]?.cause).toMatchObject({ code: 'UNAUTHENTICATED' })
  })

  it('lets nobody pass who still uses a one-time password', async () => {
    const result = await execute({ schema, document: REMOVE, contextValue: contextOf(user('ADMIN', true)) })
    expect(result.errors?.[0]?.cause).toMatchObject({ code: 'PASSWORD_CHANGE_REQUIRED' })
  })

  it('checks a subscription when it begins', async () => {
    const document = parse('subscription { instanceChanged { id } }')
    const anonymous: Viewer = { ...origin, kind: 'anonymous', role: 'ANONYMOUS' }
    const refused = await subscribe({ schema, document, contextValue: contextOf(anonymous) })
    expect('errors' in refused && refused.errors?.[0]?.cause).toMatchObject({ code: 'UNAUTHENTICATED' })
    const allowed = await subscribe({ schema, document, contextValue: contextOf(user('VIEWER')) })
    expect(Symbol.asyncIterator in allowed).toBe(true)
  })

  it('keeps the agents out of what is for people, and people out of what is for agents', async () => {
    const document = parse('mutation { publishLiveSample(sample: { at: "2026-11-20T18:00:00Z" }) }')
    const result = await execute({ schema, document, contextValue: contextOf(user('ADMIN')) })
    expect(result.errors?.[0]?.cause).toMatchObject({ code: 'FORBIDDEN' })
  })
})
