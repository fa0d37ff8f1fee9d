// Terminals in two lists, the open ones and the ended ones: under the pointer or the focus none changes over or makes room for a new one.
import { computed, type Ref } from 'vue'
import type { TerminalLineFragment } from '../graph/gql/graphql.ts'
import { useHeldList } from '../ui/useHeldList.ts'

export const useTerminalLists = (terminals: Readonly<Ref<readonly TerminalLineFragment[] | undefined>>) => {
  /** Those that stood among the open ones when somebody began to look closely. */
  let stood: ReadonlySet<string> = new Set()
  const isOpen = (terminal: TerminalLineFragment, held: boolean): boolean =>
    terminal.state !== 'CLOSED' || (held && stood.has(terminal.id))

  const list = useHeldList(
    (held) => {
      const all = terminals.value ?? []
      const open = all.filter((terminal) => isOpen(terminal, held))
      if (!held) stood = new Set(open.map(({ id }) => id))
      return [...open, ...all.filter((terminal) => !isOpen(terminal, held))]
    },
    () => null,
  )
  return {
    open: computed(() => list.shown.value.filter(({ id }) => stood.has(id))),
    ended: computed(() => list.shown.value.filter(({ id }) => !stood.has(id))),
    waiting: list.waiting,
    hold: list.hold,
    release: list.release,
  }
}
