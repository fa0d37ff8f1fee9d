import { expect, test } from 'vitest'
import { foldLink, idle } from '../graph/link.ts'
import type { AttachmentState } from './attachment.ts'
import { paneStrip } from './paneWords.ts'

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

test('a pane says nothing while all is well, nor during a blink of the network', () => {
  expect(paneStrip(state, live, 1000, null)).toBeNull()
  expect(paneStrip(state, foldLink(live, { kind: 'closed', at: 1000 }), 2900, null)).toBeNull()
})

test('a lost link is told after 2 s, and after 5 s that keys are not taken', () => {
  const lost = foldLink(foldLink(live, { kind: 'closed', at: 1000 }), { kind: 'waiting', until: 9000 })
  expect(paneStrip(state, lost, 3000, null)).toMatchObject({
    what: 'Connection to the console lost 2\u00A0s ago.',
    more: 'Trying again in 6\u00A0s. The shell is kept.',
    act: 'link',
  })
  expect(paneStrip(state, lost, 6000, null)?.more).toContain('Keys are not taken.')
})

test('what was typed and did not arrive is asked about before anything else', () => {
  const asked = paneStrip({ ...state, stale: { bytes: 1, sinceMs: 0 }, silentSince: 0 }, live, 12_000, null)
  expect(asked).toMatchObject({ what: 'One byte typed 12\u00A0s ago did not arrive.', act: 'stale' })
})

test('a silent instance and a paste that was too long are told', () => {
  expect(paneStrip({ ...state, silentSince: 1000 }, live, 7000, null)?.what).toBe('No answer for 6\u00A0s.')
  expect(paneStrip({ ...state, refusedBytes: 300 * 1024 }, live, 0, null)).toMatchObject({
    what: '300\u00A0KiB were not taken.',
    act: null,
  })
})

test('an instance that lost its link is told, and what becomes of its shells', () => {
  expect(paneStrip({ ...state, silentSince: 1000 }, live, 9000, 8000)).toMatchObject({
    what: 'The instance lost its link 8\u00A0s ago.',
    act: null,
  })
})
