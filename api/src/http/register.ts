// POST /api/v1/instances/register: enrolment for programs that speak no GraphQL; it is the mutation, asked by the console itself.
import type { Enrolled, Ports } from '@sindri/schema'
import { badInput, Fault, FAULTS } from '@sindri/schema/contract/codes'
import { type Exchange, readText, sendFault, sendJson } from './exchange.ts'
import { type Operations } from './operations.ts'
import { codeOf, headersOf } from './shown.ts'
import type { Viewers } from './viewer.ts'

/** Every member of the answer, by its name in the schema. */
const QUERY = `mutation RegisterInstance($input: RegisterInstanceInput!) {
  registerInstance(input: $input) {
    id instanceId agentToken tokenExpiresAt heartbeatSeconds metricsSeconds consoleVersion linkUrl
  }
}`

export const createRegister = (deps: { operations: Operations; ports: Ports; viewers: Viewers }) => {
  const { operations, ports, viewers } = deps
  return {
    async handle(exchange: Exchange): Promise<void> {
      const { req, res, origin } = exchange
      if (req.method !== 'POST') {
        res.setHeader('allow', 'POST')
        return sendFault(exchange, new Fault('BAD_INPUT', `Expected POST, got ${req.method}.`), 405)
      }
      if (!/^application\/json\s*(;|$)/i.test(req.headers['content-type'] ?? '')) {
        return sendFault(exchange, badInput('content-type', 'application/json', req.headers['content-type']), 415)
      }
      const viewer = await viewers.of(req, origin)
      const text = await readText(exchange)
      const input = readJson(text)
      const { data, errors } = await operations.answer(
        { query: QUERY, variables: { input } },
        { ...ports, viewer, cookies: null },
        text.length,
        () => {},
      )
      const [error] = errors ?? []
      if (!error) return sendJson(exchange, 200, (data as { registerInstance: Enrolled }).registerInstance)
      res.setHeaders(headersOf(error.extensions))
      sendJson(exchange, FAULTS[codeOf(error)].http, {
        errors: errors?.map(({ message, extensions }) => ({ message, extensions })),
      })
    },
  }
}

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new Fault('BAD_INPUT', 'body: expected JSON, got text that does not parse.')
  }
}
