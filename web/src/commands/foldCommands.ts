// What is later of two words about a command: it only moves forward, so that an older word is one that came late.
import type { CommandLineFragment, CommandState } from '../graph/gql/graphql.ts'
import type { Changes } from '../graph/newest.ts'

/** Those that are not final, in their order. */
const OPEN: readonly CommandState[] = ['QUEUED', 'SENT', 'RUNNING']

type Told = Pick<CommandLineFragment, 'state' | 'stdoutBytes' | 'stderrBytes' | 'cancelledBy'>

export const isOpen = ({ state }: Pick<Told, 'state'>): boolean => OPEN.includes(state)

const stageOf = ({ state }: Told): number => (isOpen({ state }) ? OPEN.indexOf(state) : OPEN.length)
const bytesOf = ({ stdoutBytes, stderrBytes }: Told): number => stdoutBytes + stderrBytes

const isOlder = (heard: Told, known: Told): boolean => {
  if (stageOf(heard) !== stageOf(known)) return stageOf(heard) < stageOf(known)
  return bytesOf(heard) < bytesOf(known) || (known.cancelledBy !== null && heard.cancelledBy === null)
}

export const commandChanges: Changes<CommandLineFragment> = {
  newerOf: (known, heard) => (isOlder(heard, known) ? known : heard),
  isFinal: (command) => !isOpen(command),
}
