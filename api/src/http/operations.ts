// One GraphQL operation from question to answer, the same over HTTP and sockets: prepared, charged to its caller, executed, its errors made fit to show.
import type { Context, Viewer } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { execute, type ExecutionArgs, type ExecutionResult, type GraphQLSchema } from 'graphql'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { networkOf } from '../platform/network.ts'
import { createDocuments, operationOf, type PreparedOperation } from './documents.ts'
import type { Result } from './frames.ts'
import type { Limiter } from './limits.ts'
import { createSubscribe, type Subscribe } from './shared.ts'
import { codeOf, toGraphQLError, toGraphQLErrors } from './shown.ts'

export interface Asked {
  query: string
  operationName?: string | null | undefined
  variables?: Record<string, unknown> | null | undefined
}

/** Who pays from which budget. */
export interface Charges {
  operations: Limiter
  terminalBytes: Limiter
  telemetryRecords: Limiter
  telemetryBytes: Limiter
  frameBytes: Limiter
}

export type Observe = (operation: PreparedOperation, outcome: string, tookMs: number) => void

export interface Begun {
  args: ExecutionArgs
  operation: PreparedOperation
  /** Of what is no subscription. */
  execute(): Result | Promise<Result>
  /** Instead of `subscribe` of graphql, which answers each event anew for everybody. */
  subscribe(): ReturnType<Subscribe>
  /** A subscription has begun. */
  opened(): void
  /** Makes the errors of an answer fit to show, and measures the operation the first time. */
  finish<T extends Result>(result: T): T
}

export interface Operations {
  /** Throws a Fault or Refused for what may not be executed. `bytes` is the size of the question as it came. */
  begin(asked: Asked, context: Context, bytes: number): Begun
  /** False also for what cannot be read: whoever answers it says why. */
  isSubscription(asked: Asked): boolean
  /** Begins and executes; `permit` may refuse the operation by throwing. */
  answer(
    asked: Asked,
    context: Context,
    bytes: number,
    permit: (operation: PreparedOperation) => void,
  ): Promise<ExecutionResult>
}

/** What a page sends with each key or frame; nothing else is paid in bytes by people. */
const TERMINAL_FLOW = new Set(['sendTerminalInput', 'ackTerminalOutput', 'resizeTerminal'])
/** A message costs work however short it is. */
const LEAST_BYTES = 256

/** Records travel as lists among the variables. */
const recordsIn = (variables: Asked['variables']): number =>
  Object.values(variables ?? {}).reduce<number>((count, value) => count + (Array.isArray(value) ? value.length : 0), 0)

export const createOperations = (deps: {
  schema: GraphQLSchema
  charges: Charges
  clock: Clock
  log: Log
  observe: Observe
}): Operations => {
  const { schema, charges, clock, log, observe } = deps
  const documents = createDocuments(schema)
  const subscribeTo = createSubscribe()

  const charge = (viewer: Viewer, { roots, acts }: PreparedOperation, asked: Asked, bytes: number): void => {
    const cost = Math.max(bytes, LEAST_BYTES)
    switch (viewer.kind) {
      case 'agent': {
        if (roots.includes('publishTerminalFrames')) return charges.frameBytes.demand(viewer.id, 'terminal bytes', cost)
        const records = recordsIn(asked.variables)
        if (records === 0) return charges.operations.demand(viewer.id, 'operations', acts)
        charges.telemetryRecords.demand(viewer.id, 'records', records)
        return charges.telemetryBytes.demand(viewer.id, 'bytes of telemetry', cost)
      }
      case 'user':
      case 'key':
        if (roots.every((root) => TERMINAL_FLOW.has(root)))
          return charges.terminalBytes.demand(viewer.id, 'bytes of terminal input', cost)
        return charges.operations.demand(viewer.id, 'operations', acts)
      case 'enroller':
        // Paid where the secret was found right.
        return
      default:
        return charges.operations.demand(networkOf(viewer.ip), 'operations', acts)
    }
  }

  /** What is left to do when an answer is there. It knows nothing of what was asked with: that may be large, and the answer long in coming. */
  const ending = (operation: PreparedOperation, { requestId }: Viewer): Pick<Begun, 'opened' | 'finish'> => {
    const startedMs = clock.monotonicMs()
    let measured = false
    const measure = (outcome: string): void => {
      if (measured) return
      measured = true
      observe(operation, outcome, clock.monotonicMs() - startedMs)
    }
    return {
      opened: () => measure('OK'),
      finish<T extends Result>(result: T): T {
        const errors = result.errors?.map((error) => toGraphQLError(error, requestId, log, 'BAD_INPUT'))
        measure(errors?.[0] ? codeOf(errors[0]) : 'OK')
        return errors ? ({ ...(result as ExecutionResult), errors } as Result as T) : result
      },
    }
  }

  const begin: Operations['begin'] = (asked, context, bytes) => {
    const { viewer } = context
    const prepared = documents.prepare(asked.query)
    const operation = operationOf(prepared, asked.operationName)
    if (prepared.introspects && viewer.kind !== 'user' && viewer.kind !== 'key') {
      throw new Fault(
        viewer.kind === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN',
        'The schema is shown to signed-in users and API keys.',
      )
    }
    charge(viewer, operation, asked, bytes)
    const args: ExecutionArgs = {
      schema,
      document: prepared.document,
      operationName: operation.name,
      variableValues: asked.variables,
      contextValue: context,
      hideSuggestions: true,
      options: { maxCoercionErrors: 10 },
    }
    return {
      operation,
      args,
      execute: () => operation.direct?.perform(asked.variables, context) ?? execute(args),
      subscribe: () => subscribeTo(args, operation),
      ...ending(operation, viewer),
    }
  }

  return {
    begin,
    isSubscription(asked) {
      try {
        return operationOf(documents.prepare(asked.query), asked.operationName).type === 'subscription'
      } catch {
        return false
      }
    },
    async answer(asked, context, bytes, permit) {
      try {
        const { args, operation, finish } = begin(asked, context, bytes)
        permit(operation)
        return finish(await execute(args))
      } catch (error) {
        return { errors: toGraphQLErrors(error, context.viewer.requestId, log) }
      }
    },
  }
}

/** Checks the members of a question as JSON brings them. */
export const readAsked = (value: unknown): Asked => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badInput('body', 'an object with "query"', value)
  const { query, operationName, variables, extensions } = value as Record<string, unknown>
  if (typeof query !== 'string' || query === '') throw badInput('query', 'a GraphQL document', query)
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    throw badInput('operationName', 'text or null', operationName)
  if (variables !== undefined && variables !== null && (typeof variables !== 'object' || Array.isArray(variables)))
    throw badInput('variables', 'an object or null', variables)
  // None is known here; one that is no map is a mistake all the same.
  if (extensions !== undefined && extensions !== null && (typeof extensions !== 'object' || Array.isArray(extensions)))
    throw badInput('extensions', 'an object or null', extensions)
  return { query, operationName, variables: variables as Asked['variables'] }
}
