// The terminals somebody may see, of one instance or of all, and opening and ending them.
import { computed, shallowRef } from 'vue'
import { useRouter } from 'vue-router'
import {
  EndTerminalDocument,
  OpenTerminalDocument,
  TerminalChangedDocument,
  type TerminalLineFragment,
  TerminalsDocument,
} from '../graph/gql/graphql.ts'
import { type ShownFault, toFault } from '../graph/faults.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { foldTerminal } from './foldTerminal.ts'

/** All that are open, but for a fleet in which hundreds are; of the ended ones the latest. */
const OPEN = 200
const ENDED = 50

/** A size that every program knows; the page's own follows as soon as it attaches. */
const FIRST_SIZE = { cols: 80, rows: 24 }

/** `only` the open ones, where no others are shown. */
export const useTerminals = (instanceId: () => string | null, only?: 'open') => {
  const { query, mutate, subscribe } = useGraph()
  const { state, fault, reread } = useLive<TerminalLineFragment[], TerminalLineFragment>(instanceId, () => ({
    subscribe: ({ next, fault: broken }) =>
      subscribe(
        TerminalChangedDocument,
        { instanceId: instanceId() },
        { next: ({ terminalChanged }) => next(terminalChanged), fault: broken },
      ),
    read: async () => {
      const { open, ended } = await query(TerminalsDocument, {
        instanceId: instanceId(),
        open: OPEN,
        ended: ENDED,
        withEnded: only !== 'open',
      })
      // Read as two lists, one after the other: what closed in between is in both.
      return [...(ended?.edges ?? []), ...open.edges].reduce<TerminalLineFragment[]>(
        (known, { node }) => foldTerminal(known, node),
        [],
      )
    },
    fold: foldTerminal,
  }))

  const ending = shallowRef<string>()
  const endFault = shallowRef<ShownFault>()
  const end = async (id: string) => {
    ending.value = id
    endFault.value = undefined
    try {
      await mutate(EndTerminalDocument, { id })
      reread()
    } catch (error) {
      endFault.value = toFault(error)
    } finally {
      ending.value = undefined
    }
  }
  return { terminals: state, fault, reread, ending, endFault, end }
}

/** Starts shells; undefined: it could not be, and `fault` says why. */
export const useStartTerminal = () => {
  const { mutate } = useGraph()
  /** The instance on which one is being started. */
  const opening = shallowRef<string>()
  const fault = shallowRef<ShownFault>()

  const start = async (instanceId: string): Promise<string | undefined> => {
    opening.value = instanceId
    fault.value = undefined
    try {
      return (await mutate(OpenTerminalDocument, { input: { instanceId, ...FIRST_SIZE } })).openTerminal.id
    } catch (error) {
      fault.value = toFault(error)
      return undefined
    } finally {
      opening.value = undefined
    }
  }
  return { opening, fault, start }
}

/** Starts a shell and shows it in the workspace. */
export const useOpenTerminal = () => {
  const router = useRouter()
  const { opening, fault, start } = useStartTerminal()
  const open = async (instanceId: string) => {
    const id = await start(instanceId)
    if (id) await router.push({ name: 'terminals', query: { open: id } })
  }
  return { opening: computed(() => opening.value !== undefined), fault, open }
}
