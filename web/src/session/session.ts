// Who is signed in on this page, and what they may do.
import { type Action, type Role, can, weakestRole } from '@sindri/schema/contract/roles'
import { type InjectionKey, type ShallowRef, computed, inject, shallowRef } from 'vue'
import { ShownFault, toFault } from '../graph/faults.ts'
import type { Graph } from '../graph/graph.ts'
import {
  ChangePasswordDocument,
  type MeFragment,
  SignInDocument,
  SignOutDocument,
  ViewerDocument,
} from '../graph/gql/graphql.ts'
import { t } from '../words/words.ts'

export interface Session {
  /** undefined: not known yet. null: nobody. */
  user: Readonly<ShallowRef<MeFragment | null | undefined>>
  /** Why it is not known. */
  fault: Readonly<ShallowRef<ShownFault | undefined>>
  /** Asks the console once; later calls answer from memory. Throws a ShownFault when it cannot be asked. */
  load(): Promise<MeFragment | null>
  signIn(email: string, password: string): Promise<void>
  /** The one-time password that was just typed: for its change alone, and only in this page's memory. */
  oneTimePassword(): string | undefined
  signOut(): Promise<void>
  changePassword(current: string, next: string): Promise<void>
  /** Asks who this is now and what they may do; without an answer it stays as it was. */
  reload(): Promise<void>
  /** The console no longer knows this session. */
  ended(): void
}

export const createSession = (graph: Graph): Session => {
  const user = shallowRef<MeFragment | null>()
  const fault = shallowRef<ShownFault>()

  let typed: string | undefined

  const ask = async () => (await graph.query(ViewerDocument, {})).viewer.user ?? null
  const enter = (me: MeFragment | null) => {
    user.value = me
    if (!me?.mustChangePassword) typed = undefined
    // A socket of somebody who must still change the password would be refused everything it asks.
    if (me && !me.mustChangePassword) graph.connect()
    else graph.disconnect()
  }

  return {
    user,
    fault,
    load: async () => {
      if (user.value !== undefined) return user.value
      try {
        enter(await ask())
      } catch (error) {
        fault.value = toFault(error)
        throw fault.value
      }
      return user.value ?? null
    },
    signIn: async (email, password) => {
      const me = (await graph.mutate(SignInDocument, { email, password })).signIn
      typed = me.mustChangePassword ? password : undefined
      enter(me)
    },
    oneTimePassword: () => typed,
    signOut: async () => {
      try {
        await graph.mutate(SignOutDocument, {})
      } catch (error) {
        // A session that is already gone is signed out.
        if (!(error instanceof ShownFault) || error.code !== 'UNAUTHENTICATED') throw error
      }
      enter(null)
    },
    changePassword: async (current, next) =>
      enter((await graph.mutate(ChangePasswordDocument, { current, next })).changePassword),
    reload: () =>
      ask().then(enter, () => {
        // The link tries again, and is told so again.
      }),
    ended: () => {
      if (user.value) enter(null)
    },
  }
}

export const sessionKey: InjectionKey<Session> = Symbol('session')

export const useSession = (): Session => {
  const session = inject(sessionKey)
  if (!session) throw new Error('useSession: expected the app to provide a session, got none')
  return session
}

/** Whether the signed-in user may do it now; the console decides again on each request. */
export const useCan = (action: Action) => {
  const { user } = useSession()
  return computed(() => !!user.value && can(user.value, action))
}

export const roleWord = (role: Role): string => t(`session.role.${role}`)

/** "the developer role", for sentences that say what an action needs. */
export const neededRole = (action: Action): string => {
  const role = weakestRole(action)
  return role ? t('session.role.needed', { role: roleWord(role).toLowerCase() }) : t('session.role.none')
}
