import { expect, test } from 'vitest'
import { foldLink, idle } from '../graph/link.ts'
import type { AttachmentState } from './attachment.ts'
import { paneStatus, statusWord } from './paneStatus.ts'

const state: AttachmentState = {
  phase: 'live',
  silentSince: null,
  stale: null,
  refusedBytes: null,
  governs: true,
  size: { cols: 80, rows: 24 },
  closed: null,
  fault: null,
}
const live = foldLink(idle, { kind: 'live', at: 0 })
const lost = foldLink(live, { kind: 'closed', at: 1000 })

test('a terminal is live only while its output is followed, over a link that lives, from an agent that is there', () => {
  expect(paneStatus(state, live, null)).toBe('live')
  expect(paneStatus(undefined, live, null)).toBe('opening')
  expect(paneStatus({ ...state, phase: 'attaching' }, live, null)).toBe('opening')
  expect(paneStatus(state, lost, null)).toBe('reconnecting')
  expect(paneStatus(state, live, 4000)).toBe('reconnecting')
  expect(paneStatus({ ...state, silentSince: 1 }, live, null)).toBe('reconnecting')
})

test('an ended terminal stays ended, whatever becomes of the link', () => {
  expect(paneStatus({ ...state, phase: 'ended' }, lost, 4000)).toBe('ended')
  expect(statusWord('ended')).toBe('Ended')
})
