// Machines that want to take over an instance, for those who may answer them.
import { shallowRef } from 'vue'
import { AnswerTakeoverDocument, TakeoversDocument, type TakeoversQuery } from '../graph/gql/graphql.ts'
import { toFault } from '../graph/faults.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { useCan } from '../session/session.ts'
import { useActivity } from '../ui/activity.ts'
import { t } from '../words/words.ts'

export type Takeover = TakeoversQuery['takeovers'][number]

/** `instanceId` null: of the whole fleet. Empty for those who may not see them. */
export const useTakeovers = (instanceId: () => string | null) => {
  const { query, mutate } = useGraph()
  const mayRead = useCan('takeover.read')
  const activity = useActivity()
  const answering = shallowRef<string>()

  const { state, fault, reread } = useLive<Takeover[], never>([instanceId, mayRead], () =>
    mayRead.value
      ? {
          read: async () => (await query(TakeoversDocument, { instanceId: instanceId() })).takeovers,
          fold: (takeovers) => takeovers,
        }
      : undefined,
  )
  const answer = async ({ id, instanceName }: Takeover, allow: boolean) => {
    answering.value = id
    try {
      await mutate(AnswerTakeoverDocument, { id, allow })
      activity.done(t(allow ? 'instance.takeover.allowed' : 'instance.takeover.refused', { instance: instanceName }))
    } catch (error) {
      activity.failed(t('instance.takeover.unanswered', { instance: instanceName }), toFault(error))
    } finally {
      answering.value = undefined
    }
    // After a fault as well: somebody else may have answered.
    reread()
  }
  return { takeovers: state, fault, reread, answering, answer }
}
