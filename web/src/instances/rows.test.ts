import { expect, test } from 'vitest'
import type { InstanceRowFragment, RowSampleFragment } from '../graph/gql/graphql.ts'
import { type Row, type Rows, foldRows, holdOrder } from './rows.ts'

const instance = (id: string, extra: Partial<InstanceRowFragment> = {}): InstanceRowFragment => ({
  id,
  name: id,
  status: 'RUNNING',
  liveness: 'ONLINE',
  livenessAt: '2026-01-01T00:00:00.000Z',
  lastSeenAt: null,
  metricsMs: 30_000,
  provider: null,
  region: null,
  hostname: null,
  agentVersion: null,
  tags: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  ...extra,
})
const sample = (at: string): RowSampleFragment => ({
  at,
  cpu: null,
  memory: null,
  disks: null,
  network: null,
  uptimeSeconds: null,
})
const row = (id: string): Row => ({ instance: instance(id), latest: null, removed: false })
const state = (...ids: string[]): Rows => ({
  rows: ids.map(row),
  matching: ids.length,
  all: ids.length,
  endCursor: null,
  hasNextPage: false,
  news: [],
  newestAt: '2026-01-02T00:00:00.000Z',
  readAt: Date.parse('2026-01-02T00:00:00Z'),
})
const ids = (rows: readonly Row[]) => rows.map((one) => one.instance.id)

test('a change renews its row where it stands and keeps its sample', () => {
  const before = { ...state('a', 'b'), rows: [{ ...row('a'), latest: sample('2026-01-02T00:00:00.000Z') }, row('b')] }
  const after = foldRows(before, { kind: 'changed', change: { id: 'a', instance: instance('a', { status: 'STALE' }) } })
  expect(ids(after.rows)).toEqual(['a', 'b'])
  expect(after.rows[0]).toMatchObject({ instance: { status: 'STALE' }, latest: { at: '2026-01-02T00:00:00.000Z' } })
})

test('a removed instance stays in its place and is marked', () => {
  const after = foldRows(state('a', 'b'), { kind: 'changed', change: { id: 'a', instance: null } })
  expect(after.rows.map((one) => one.removed)).toEqual([true, false])
})

test('a new instance waits, once; one of another page does not count as new', () => {
  const fresh = {
    kind: 'changed',
    change: { id: 'n', instance: instance('n', { createdAt: '2026-01-03T00:00:00.000Z' }) },
  } as const
  const twice = foldRows(foldRows(state('a'), fresh), fresh)
  expect(twice.news).toEqual(['n'])
  expect(ids(twice.rows)).toEqual(['a'])
  expect(foldRows(state('a'), { kind: 'changed', change: { id: 'old', instance: instance('old') } }).news).toEqual([])
})

test('an older sample never replaces a newer one', () => {
  const live = (at: string) => ({ kind: 'sampled', live: { instanceId: 'a', sample: sample(at) } }) as const
  const newer = foldRows(state('a'), live('2026-01-02T00:00:30.000Z'))
  expect(foldRows(newer, live('2026-01-02T00:00:00.000Z')).rows[0]?.latest?.at).toBe('2026-01-02T00:00:30.000Z')
})

test('held rows keep their order, take what was read anew, and let newcomers wait', () => {
  const fresh = [row('c'), { ...row('a'), latest: sample('2026-01-02T00:00:00.000Z') }, row('n')]
  const held = holdOrder([row('a'), row('b'), row('c')], fresh)
  expect(ids(held.rows)).toEqual(['a', 'b', 'c'])
  expect(held.rows[0]?.latest).not.toBeNull()
  expect(held.waiting).toBe(1)
})
