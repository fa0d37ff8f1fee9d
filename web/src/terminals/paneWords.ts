// What the strip of a pane says while something stands between the keyboard and the shell.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Link } from '../graph/link.ts'
import { t } from '../words/words.ts'
import type { AttachmentState } from './attachment.ts'

export interface Strip {
  what: string
  more: string
  act: 'stale' | 'link' | null
}

const kibibytes = (bytes: number): string => `${Math.ceil(bytes / 1024)}\u00A0KiB`
const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 1000))}\u00A0s`
const sentences = (...parts: (string | null)[]): string => parts.filter((part) => part !== null).join(' ')

/** null: nothing to say. A blink of the network says nothing. `awayMs`: how long the agent has held no link; null while it does. */
export const paneStrip = (state: AttachmentState, link: Link, nowMs: number, awayMs: number | null): Strip | null => {
  if (state.phase === 'ended' || state.phase === 'refused') return null
  if (link.state !== 'live') {
    if (link.lostAt === null || nowMs - link.lostAt < 2000) return null
    const next =
      link.nextTryAt === null
        ? t('terminals.strip.tryingNow')
        : t('terminals.strip.tryingIn', { time: seconds(link.nextTryAt - nowMs) })
    const keys = nowMs - link.lostAt >= 5000 ? t('terminals.strip.noKeys') : null
    return {
      what: t('terminals.strip.lost', { time: seconds(nowMs - link.lostAt) }),
      more: sentences(next, keys, t('terminals.strip.kept')),
      act: 'link',
    }
  }
  if (state.stale) {
    const { bytes, sinceMs } = state.stale
    return {
      what: t('terminals.strip.unsent', { time: seconds(nowMs - sinceMs) }, bytes),
      more: t('terminals.strip.unsentMore'),
      act: 'stale',
    }
  }
  if (awayMs !== null) {
    return {
      what: t('terminals.strip.away', { time: seconds(awayMs) }),
      more: t('terminals.strip.awayMore'),
      act: null,
    }
  }
  if (state.silentSince !== null) {
    return {
      what: t('terminals.strip.silent', { time: seconds(nowMs - state.silentSince) }),
      more: sentences(t('terminals.strip.noKeys'), t('terminals.strip.kept')),
      act: null,
    }
  }
  if (state.refusedBytes !== null) {
    return {
      what: t('terminals.strip.tooMuch', { size: kibibytes(state.refusedBytes) }),
      more: t('terminals.strip.tooMuchMore', { size: kibibytes(LIMITS.terminalInputHoldBytes) }),
      act: null,
    }
  }
  return null
}
