// Subscriptions whose events look alike to all who may watch: each event is answered once for every plain document and its variables, however many
// look. One that is not plain may ask who looks.
import {
  createSourceEventStream,
  executeSubscriptionEvent,
  type ExecutionArgs,
  type ExecutionResult,
  mapSourceToResponseEvent,
  validateSubscriptionArgs,
} from 'graphql'
import { sift } from '../platform/sift.ts'
import type { PreparedOperation } from './documents.ts'
import type { Result, Results } from './frames.ts'

/** Whether all root fields say `shared`: who may watch is checked for each watcher when it begins, what it sees depends on the event alone. */
const isShared = ({ schema }: ExecutionArgs, { roots }: PreparedOperation): boolean => {
  const fields = schema.getSubscriptionType()?.getFields()
  return roots.every((root) => fields?.[root]?.extensions.shared === true)
}

export type Subscribe = (args: ExecutionArgs, operation: PreparedOperation) => Promise<Results | ExecutionResult>

export const createSubscribe = (): Subscribe => {
  /** By the event, which the bus hands to all its readers as one object; forgotten with it. */
  const answers = new WeakMap<object, Map<string, Result | Promise<Result>>>()
  const documents = new WeakMap<object, number>()
  let count = 0
  const numberOf = (document: object): number => {
    const known = documents.get(document)
    if (known !== undefined) return known
    documents.set(document, (count += 1))
    return count
  }

  return async (args, operation) => {
    const validated = validateSubscriptionArgs(args)
    if (!('schema' in validated)) return { errors: validated }
    const source = await createSourceEventStream(validated)
    if (!(Symbol.asyncIterator in source)) return source
    const { direct } = operation
    if (!direct) return mapSourceToResponseEvent(validated, source)

    const answer = (event: unknown): Result | Promise<Result> => {
      try {
        return direct.show(event)
      } catch {
        // It says what is wrong, and where. Without a context: an answer that asked who looks could not be shared, and fails instead.
        return executeSubscriptionEvent({ ...validated, rootValue: event, contextValue: undefined })
      }
    }
    if (!isShared(args, operation)) return sift(source[Symbol.asyncIterator](), answer)

    const question = `${numberOf(args.document)} ${operation.name} ${JSON.stringify(args.variableValues)}`
    return sift(source[Symbol.asyncIterator](), (event) => {
      const value = event as object
      const known = answers.get(value) ?? new Map<string, Result | Promise<Result>>()
      answers.set(value, known)
      let shown = known.get(question)
      if (!shown) known.set(question, (shown = answer(event)))
      return shown
    })
  }
}
