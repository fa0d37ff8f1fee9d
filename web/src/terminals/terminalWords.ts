// How a terminal is, in a silhouette and a sentence.
import type { TerminalLineFragment } from '../graph/gql/graphql.ts'
import type { GlyphName } from '../ui/glyphs.ts'

export const terminalLook = (
  terminal: Pick<TerminalLineFragment, 'state' | 'reason'>,
): { glyph: GlyphName; word: string } => {
  if (terminal.state === 'READY') return { glyph: 'running', word: 'Open' }
  if (terminal.state === 'OPENING') return { glyph: 'deploying', word: 'Opening' }
  return terminal.reason === 'FAILED' ? { glyph: 'error', word: 'Failed' } : { glyph: 'stopped', word: 'Ended' }
}

/** Why a closed terminal is closed: "Exit code 0." */
export const closingWords = (
  terminal: Pick<TerminalLineFragment, 'reason' | 'message' | 'exitCode' | 'signal' | 'closedBy'>,
): string => {
  switch (terminal.reason) {
    case 'EXITED':
      return terminal.signal ? `Ended by ${terminal.signal}.` : `Exit code ${terminal.exitCode ?? 'unknown'}.`
    case 'ENDED':
      return terminal.closedBy ? `Ended by ${terminal.closedBy}.` : 'Ended.'
    case 'FAILED':
      return terminal.message ?? 'The shell could not be started.'
    case 'ABANDONED':
      return 'Nobody looked at it for too long.'
    case 'AGENT_RESTARTED':
      return 'The agent that held it is gone.'
    case 'INSTANCE_REMOVED':
      return 'Its instance was removed.'
    case 'REVOKED':
      return "Its opener's access ended."
    case null:
      return ''
  }
}
