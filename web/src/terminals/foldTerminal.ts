// A list of terminals, newest first, with one of them as it is now.
import type { TerminalLineFragment } from '../graph/gql/graphql.ts'

/** How far a terminal is: it never goes back, so that an older word about it is one that came late. */
const STAGES: readonly TerminalLineFragment['state'][] = ['OPENING', 'READY', 'CLOSED']

const isOlder = (one: TerminalLineFragment, other: TerminalLineFragment): boolean =>
  STAGES.indexOf(one.state) < STAGES.indexOf(other.state)

export const foldTerminal = (
  terminals: readonly TerminalLineFragment[],
  changed: TerminalLineFragment,
): TerminalLineFragment[] => {
  const known = terminals.find(({ id }) => id === changed.id)
  if (known && isOlder(changed, known)) return [...terminals]
  if (known) return terminals.map((terminal) => (terminal === known ? changed : terminal))
  const place = terminals.findIndex(({ openedAt }) => Date.parse(openedAt) < Date.parse(changed.openedAt))
  return terminals.toSpliced(place < 0 ? terminals.length : place, 0, changed)
}
