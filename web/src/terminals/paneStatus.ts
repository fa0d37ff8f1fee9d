// How a terminal on the page is, for its head, its tab and the switcher.
import type { Link } from '../graph/link.ts'
import type { GlyphName } from '../ui/glyphs.ts'
import { t } from '../words/words.ts'
import type { AttachmentState } from './attachment.ts'

export type PaneStatus = 'detached' | 'opening' | 'live' | 'reconnecting' | 'ended' | 'refused'

/** Of a pane that is shown; one that nobody has looked at since the page came is detached. `awayMs`: how long the agent has held no link; null while it does. */
export const paneStatus = (state: AttachmentState | undefined, link: Link, awayMs: number | null): PaneStatus => {
  if (state?.phase === 'ended' || state?.phase === 'refused') return state.phase
  if (link.state !== 'live' && link.lostAt !== null) return 'reconnecting'
  if (awayMs !== null) return 'reconnecting'
  if (state === undefined || state.phase === 'attaching') return 'opening'
  return state.silentSince !== null || state.stale !== null ? 'reconnecting' : 'live'
}

/** Live and opening are told by the spark, lit or not. */
export const statusGlyph: Record<PaneStatus, GlyphName | null> = {
  detached: 'suspended',
  opening: null,
  live: null,
  reconnecting: 'waiting',
  ended: 'stopped',
  refused: 'error',
}

export const statusWord = (status: PaneStatus): string => t(`terminals.state.${status}`)
