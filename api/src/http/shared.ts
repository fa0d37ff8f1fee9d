// Subscriptions whose events look alike to all who may watch: each event is answered once for every document and its variables, however many look.
import {
  createSourceEventStream,
  executeSubscriptionEvent,
  type ExecutionArgs,
  mapSourceToResponseEvent,
  type subscribe,
  validateSubscriptionArgs,
} from 'graphql'
import { sift } from '../platform/sift.ts'
import type { PreparedOperation } from './documents.ts'

type Answer = ReturnType<typeof executeSubscriptionEvent>

/** Whether all root fields say `shared`: who may watch is checked for each watcher when it begins, what it sees depends on the event alone. */
const isShared = ({ schema }: ExecutionArgs, { roots }: PreparedOperation): boolean => {
  const fields = schema.getSubscriptionType()?.getFields()
  return roots.every((root) => fields?.[root]?.extensions.shared === true)
}

export type Subscribe = (args: ExecutionArgs, operation: PreparedOperation) => ReturnType<typeof subscribe>

export const createSubscribe = (): Subscribe => {
  /** By the event, which the bus hands to all its readers as one object; forgotten with it. */
  const answers = new WeakMap<object, Map<string, Answer>>()
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
    if (!isShared(args, operation)) return mapSourceToResponseEvent(validated, source)

    const question = `${numberOf(args.document)} ${operation.name} ${JSON.stringify(args.variableValues)}`
    return sift(source[Symbol.asyncIterator](), (event) => {
      const value = event as object
      const known = answers.get(value) ?? new Map<string, Answer>()
      answers.set(value, known)
      let answer = known.get(question)
      // Without a context: an answer that asked who looks could not be shared, and fails instead.
      if (!answer)
        known.set(
          question,
          (answer = executeSubscriptionEvent({ ...validated, rootValue: event, contextValue: undefined })),
        )
      return answer
    })
  }
}
