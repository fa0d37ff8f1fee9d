// The commands of one instance, newest first and as they are now; one of them by its id; asking for one, and ending one.
import { computed, shallowRef } from 'vue'
import { ShownFault, toFault } from '../graph/faults.ts'
import {
  CancelCommandDocument,
  CommandChangedDocument,
  CommandDocument,
  type CommandLineFragment,
  CommandsDocument,
  type RunCommandInput,
  RunCommandDocument,
} from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { useNewest } from '../graph/useNewest.ts'
import { t } from '../words/words.ts'
import { commandChanges } from './foldCommands.ts'

export const useCommands = (instanceId: () => string) => {
  const { query, subscribe } = useGraph()
  let tell: ((command: CommandLineFragment) => void) | undefined
  const list = useNewest<CommandLineFragment>(instanceId, () => {
    const id = instanceId()
    return {
      subscribe: ({ next, fault }) => {
        tell = next
        return subscribe(
          CommandChangedDocument,
          { instanceId: id },
          { next: ({ commandChanged }) => next(commandChanged), fault },
        )
      },
      readPage: async (after) => {
        const { commands } = await query(CommandsDocument, { instanceId: id, after })
        return {
          items: commands.edges.map(({ node }) => node),
          endCursor: commands.pageInfo.endCursor ?? null,
          more: commands.pageInfo.hasNextPage,
        }
      },
      changes: commandChanges,
    }
  })
  /** What an answer says, without waiting for the news of it. */
  return { ...list, learn: (command: CommandLineFragment) => tell?.(command) }
}

/** From the list where it is there, else from the console: a link may lead to one of long ago. */
export const useCommand = (
  instanceId: () => string,
  id: () => string | null,
  items: () => readonly CommandLineFragment[],
) => {
  const { query, subscribe } = useGraph()
  const listed = computed(() => items().find((command) => command.id === id()))
  const { state, fault, reread } = useLive<CommandLineFragment, CommandLineFragment>(
    [id, () => listed.value === undefined],
    () => {
      const wanted = id()
      if (wanted === null || listed.value) return undefined
      return {
        subscribe: ({ next, fault: broken }) =>
          subscribe(
            CommandChangedDocument,
            { instanceId: instanceId() },
            { next: ({ commandChanged }) => commandChanged.id === wanted && next(commandChanged), fault: broken },
          ),
        read: async () => {
          const { command } = await query(CommandDocument, { id: wanted })
          if (command.instanceId !== instanceId())
            throw new ShownFault('NOT_FOUND', t('commands.elsewhere', { name: command.instanceName }), false)
          return command
        },
        fold: commandChanges.newerOf,
      }
    },
  )
  const command = computed(() => listed.value ?? (state.value?.id === id() ? state.value : undefined))
  return { command, fault: computed(() => (command.value ? undefined : fault.value)), reread }
}

/** One act at a time: `busy` while it is under way, `fault` why the last one did not come about. */
const useAct = <Input>(act: (input: Input) => Promise<CommandLineFragment>) => {
  const busy = shallowRef(false)
  const fault = shallowRef<ShownFault>()
  const start = async (input: Input): Promise<CommandLineFragment | undefined> => {
    busy.value = true
    fault.value = undefined
    try {
      return await act(input)
    } catch (error) {
      fault.value = toFault(error)
      return undefined
    } finally {
      busy.value = false
    }
  }
  return { busy, fault, start }
}

export const useRunCommand = () => {
  const { mutate } = useGraph()
  return useAct(async (input: RunCommandInput) => (await mutate(RunCommandDocument, { input })).runCommand)
}

export const useCancelCommand = () => {
  const { mutate } = useGraph()
  return useAct(async (id: string) => (await mutate(CancelCommandDocument, { id })).cancelCommand)
}
