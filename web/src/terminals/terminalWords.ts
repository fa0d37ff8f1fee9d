// How a terminal is, in a silhouette and a sentence.
import type { TerminalLineFragment } from '../graph/gql/graphql.ts'
import type { GlyphName } from '../ui/glyphs.ts'
import { t } from '../words/words.ts'

/** `attached`: a pane of this page shows it. Of the user's own that run it says so; of others' this page does not know. */
export const terminalLook = (
  terminal: Pick<TerminalLineFragment, 'state' | 'reason' | 'mine'>,
  attached: boolean,
): { glyph: GlyphName; word: string } => {
  if (terminal.state === 'OPENING') return { glyph: 'deploying', word: t('terminals.state.opening') }
  if (terminal.state === 'READY') {
    if (attached) return { glyph: 'running', word: t('terminals.state.attached') }
    return terminal.mine
      ? { glyph: 'suspended', word: t('terminals.state.detached') }
      : { glyph: 'running', word: t('terminals.state.open') }
  }
  return terminal.reason === 'FAILED'
    ? { glyph: 'error', word: t('terminals.state.failed') }
    : { glyph: 'stopped', word: t('terminals.state.ended') }
}

/** The program's name without its folder. */
export const shellWord = ({ shell }: Pick<TerminalLineFragment, 'shell'>): string =>
  shell?.split('/').at(-1) ?? t('terminals.shell')

/** Why a closed terminal is closed: "Exit code 0." */
export const closingWords = (
  terminal: Pick<TerminalLineFragment, 'reason' | 'message' | 'exitCode' | 'signal' | 'closedBy'>,
): string => {
  switch (terminal.reason) {
    case 'EXITED':
      return terminal.signal
        ? t('terminals.closing.signal', { signal: terminal.signal })
        : t('terminals.closing.code', { code: terminal.exitCode ?? t('terminals.closing.unknown') })
    case 'ENDED':
      return terminal.closedBy
        ? t('terminals.closing.endedBy', { name: terminal.closedBy })
        : t('terminals.closing.ended')
    case 'FAILED':
      return terminal.message ?? t('terminals.closing.failed')
    case 'ABANDONED':
      return t('terminals.closing.abandoned')
    case 'AGENT_RESTARTED':
      return t('terminals.closing.agentGone')
    case 'INSTANCE_REMOVED':
      return t('terminals.closing.removed')
    case 'REVOKED':
      return t('terminals.closing.revoked')
    case null:
      return ''
  }
}
