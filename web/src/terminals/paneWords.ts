// What the strip of a pane says while something stands between the keyboard and the shell.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { Link } from '../graph/link.ts'
import type { AttachmentState } from './attachment.ts'

export interface Strip {
  what: string
  more: string
  act: 'stale' | 'link' | null
}

const kibibytes = (bytes: number): string => `${Math.ceil(bytes / 1024)}\u00A0KiB`
const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 1000))}\u00A0s`

/** null: nothing to say. A blink of the network says nothing. */
export const paneStrip = (state: AttachmentState, link: Link, nowMs: number): Strip | null => {
  if (state.phase === 'ended' || state.phase === 'refused') return null
  if (link.state !== 'live') {
    if (link.lostAt === null || nowMs - link.lostAt < 2000) return null
    const next = link.nextTryAt === null ? 'Trying again now.' : `Trying again in ${seconds(link.nextTryAt - nowMs)}.`
    const keys = nowMs - link.lostAt >= 5000 ? ' Keys are not taken.' : ''
    return {
      what: `Connection to the console lost ${seconds(nowMs - link.lostAt)} ago.`,
      more: `${next}${keys} The shell is kept.`,
      act: 'link',
    }
  }
  if (state.stale) {
    const { bytes, sinceMs } = state.stale
    return {
      what: `${bytes} ${bytes === 1 ? 'byte' : 'bytes'} typed ${seconds(nowMs - sinceMs)} ago did not arrive.`,
      more: 'Keys are not taken until you say what becomes of them.',
      act: 'stale',
    }
  }
  if (state.silentSince !== null) {
    return {
      what: `No answer for ${seconds(nowMs - state.silentSince)}.`,
      more: 'Keys are not taken. The shell is kept.',
      act: null,
    }
  }
  if (state.refusedBytes !== null) {
    return {
      what: `${kibibytes(state.refusedBytes)} were not taken.`,
      more: `At most ${kibibytes(LIMITS.terminalInputHoldBytes)} can wait for the program to read them. Paste less at once.`,
      act: null,
    }
  }
  return null
}
