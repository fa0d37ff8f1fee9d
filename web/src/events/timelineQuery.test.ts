import { expect, test } from 'vitest'
import { ANY_TIME } from '../ui/timeRange.ts'
import { parseTimelineQuery, passes, printTimelineQuery, timelineFilterCount, toEventFilter } from './timelineQuery.ts'

test('the filters of a timeline come back from an address as they were put there', () => {
  const list = {
    types: ['CONNECT' as const, 'ERROR' as const],
    instanceId: 'ins_01',
    range: { last: '24h' as const, from: null, to: null },
  }
  const query = printTimelineQuery(list)
  expect(query).toEqual({ kind: 'connect,error', instance: 'ins_01', last: '24h' })
  expect(parseTimelineQuery(query as Record<string, string>)).toEqual(list)
  expect(timelineFilterCount(list)).toBe(3)
})

test('nonsense in an address filters nothing', () => {
  expect(parseTimelineQuery({ kind: 'boom', instance: '../x', last: '9y' })).toEqual({
    types: [],
    instanceId: null,
    range: ANY_TIME,
  })
})

test('what is recorded now passes the same filter as what is read', () => {
  const filter = toEventFilter(
    { types: ['ERROR'], instanceId: 'ins_1', range: { last: '1h', from: null, to: null } },
    Date.parse('2026-01-01T10:00:00.000Z'),
  )
  const event = { type: 'ERROR' as const, instanceId: 'ins_1', at: '2026-01-01T09:30:00.000Z' }
  expect(passes(filter, event)).toBe(true)
  expect(passes(filter, { ...event, type: 'CONNECT' })).toBe(false)
  expect(passes(filter, { ...event, instanceId: 'ins_2' })).toBe(false)
  expect(passes(filter, { ...event, at: '2026-01-01T08:59:59.999Z' })).toBe(false)
  expect(passes({ ...filter, to: '2026-01-01T09:30:00.000Z' }, event)).toBe(false)
})
