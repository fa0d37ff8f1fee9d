// Machines that want to take over an instance, for those who may answer them.
import { shallowRef, watch } from 'vue'
import { AnswerTakeoverDocument, TakeoversDocument, type TakeoversQuery } from '../graph/gql/graphql.ts'
import { type ShownFault, toFault } from '../graph/faults.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { useCan } from '../session/session.ts'

export type Takeover = TakeoversQuery['takeovers'][number]

/** `instanceId` null: of the whole fleet. Empty for those who may not see them. */
export const useTakeovers = (instanceId: () => string | null) => {
  const { query, mutate } = useGraph()
  const mayRead = useCan('takeover.read')
  const answering = shallowRef<string>()
  const fault = shallowRef<ShownFault>()

  const { state, reread } = useLive<Takeover[], never>([instanceId, mayRead], () =>
    mayRead.value
      ? {
          read: async () => (await query(TakeoversDocument, { instanceId: instanceId() })).takeovers,
          fold: (takeovers) => takeovers,
        }
      : undefined,
  )
  watch(state, () => (fault.value = undefined))

  const answer = async (id: string, allow: boolean) => {
    answering.value = id
    try {
      await mutate(AnswerTakeoverDocument, { id, allow })
      reread()
    } catch (error) {
      fault.value = toFault(error)
    } finally {
      answering.value = undefined
    }
  }
  return { takeovers: state, answering, fault, answer }
}
