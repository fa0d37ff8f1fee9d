// One user with what they hold open, and the acts of an administrator on the account.
import { shallowRef } from 'vue'
import type { Role } from '@sindri/schema/contract/roles'
import {
  ResetPasswordDocument,
  RevokeUserSessionDocument,
  UpdateUserDocument,
  UserAccessDocument,
  type UserAccessQuery,
} from '../graph/gql/graphql.ts'
import { type ShownFault, toFault } from '../graph/faults.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'

export type UserAccess = UserAccessQuery['userAccess']

export const useUser = (id: () => string, changed: () => void) => {
  const { query, mutate } = useGraph()
  const live = useLive<UserAccess, never>(id, () => {
    const wanted = id()
    return { read: async () => (await query(UserAccessDocument, { id: wanted })).userAccess, fold: (access) => access }
  })
  const busy = shallowRef(false)
  const actFault = shallowRef<ShownFault>()

  /** The answer; undefined where it failed, with the reason in `actFault`. */
  const run = async <Answer>(act: () => Promise<Answer>): Promise<Answer | undefined> => {
    busy.value = true
    actFault.value = undefined
    try {
      const answer = await act()
      live.reread()
      changed()
      return answer
    } catch (error) {
      actFault.value = toFault(error)
      return undefined
    } finally {
      busy.value = false
    }
  }

  return {
    ...live,
    busy,
    actFault,
    setRole: (role: Role) => run(() => mutate(UpdateUserDocument, { input: { id: id(), role } })),
    setActive: (active: boolean) => run(() => mutate(UpdateUserDocument, { input: { id: id(), active } })),
    resetPassword: () => run(async () => (await mutate(ResetPasswordDocument, { id: id() })).resetPassword),
    endSession: (session: string) => run(() => mutate(RevokeUserSessionDocument, { id: session })),
  }
}
