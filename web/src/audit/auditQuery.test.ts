import { expect, test } from 'vitest'
import { auditFilterCount, parseAuditQuery, printAuditQuery, toAuditFilter } from './auditQuery.ts'

const list = {
  search: '10.0.',
  actorId: 'usr_1',
  action: 'user.manage',
  targetId: 'ins_1',
  outcome: 'DENIED' as const,
  range: { last: '7d' as const, from: null, to: null },
}

test('the filters of the audit log come back from an address as they were put there', () => {
  expect(parseAuditQuery(printAuditQuery(list) as Record<string, string>)).toEqual(list)
  expect(auditFilterCount(list)).toBe(6)
  expect(auditFilterCount(parseAuditQuery({}))).toBe(0)
})

test('nonsense in an address filters nothing', () => {
  expect(auditFilterCount(parseAuditQuery({ action: 'a b', outcome: 'constructor', last: '1y' }))).toBe(0)
})

test('the console is asked for the whole span', () => {
  expect(toAuditFilter(list, Date.parse('2026-01-08T00:00:00Z'))).toMatchObject({
    search: '10.0.',
    from: '2026-01-01T00:00:00.000Z',
    to: null,
  })
})
