import { expect, test } from 'vitest'
import { type Snapshot, addSnapshots, coreHistory, interfaceHistory, mountHistory } from './snapshots.ts'

const start = Date.parse('2026-01-01T12:00:00.000Z')
const snapshot = (minute: number, parts: Partial<Snapshot> = {}): Snapshot => ({
  at: new Date(start + minute * 60_000).toISOString(),
  cpu: null,
  disks: null,
  network: null,
  ...parts,
})
const values = (history: readonly { value: number | null }[]) => history.map(({ value }) => value)

test('what a sample did not have is missing, not zero', () => {
  const items = [snapshot(0, { cpu: { perCore: [5, 90] } }), snapshot(5), snapshot(10, { cpu: { perCore: [7] } })]
  expect(values(coreHistory(items, 1))).toEqual([90, null, null])
  expect(coreHistory(items, 0)[2]).toEqual({ at: start + 600_000, value: 7 })
})

test('a mount is told by its place and counted as df does', () => {
  const disk = (mountPoint: string, used: number) => ({ mountPoint, total: 1000, used, free: 100 })
  const items = [snapshot(0, { disks: [disk('/', 300), disk('/data', 900)] }), snapshot(5, { disks: [disk('/', 100)] })]
  expect(values(mountHistory(items, '/'))).toEqual([75, 50])
  expect(values(mountHistory(items, '/data'))).toEqual([90, null])
})

test('an interface has a history for each direction', () => {
  const items = [snapshot(0, { network: [{ name: 'eth0', rxBytesPerSecond: 5, txBytesPerSecond: null }] })]
  expect(values(interfaceHistory(items, 'eth0', 'rxBytesPerSecond'))).toEqual([5])
  expect(values(interfaceHistory(items, 'eth0', 'txBytesPerSecond'))).toEqual([null])
})

test('a read adds only what is new, and what left the span is forgotten, so that an open page does not grow', () => {
  let shown = addSnapshots(undefined, [snapshot(0), snapshot(5)], 'b', start)
  for (let minute = 10; minute <= 10_000; minute += 5)
    shown = addSnapshots(shown, [snapshot(minute)], `${minute}`, start + (minute - 60) * 60_000)
  expect(shown.items).toHaveLength(13)
  expect(addSnapshots(shown, [], null, 0).endCursor).toBe('10000')
})
