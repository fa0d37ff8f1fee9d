import { expect, test } from 'vitest'
import type { AuditLineFragment } from '../graph/gql/graphql.ts'
import { EXPORT_FORMATS } from './exportFormats.ts'

const entry = (part: Partial<AuditLineFragment> = {}): AuditLineFragment => ({
  id: '7',
  at: '2026-01-01T00:00:00.000Z',
  actorKind: 'USER',
  actorId: 'usr_1',
  actorName: 'Dana',
  action: 'session.open.signIn',
  targetKind: null,
  targetId: null,
  targetName: null,
  outcome: 'ALLOWED',
  code: null,
  before: null,
  after: { role: 'VIEWER' },
  ip: '10.0.0.1',
  userAgent: 'curl/8.5.0',
  requestId: 'req_1',
  ...part,
})
const { csv, jsonl } = EXPORT_FORMATS
const name = (actorName: string) => csv.line(entry({ actorName })).split('USER,usr_1,')[1]?.split(',session.open')[0]

test('a line of CSV quotes what needs it', () => {
  expect(csv.line(entry())).toBe(
    '7,2026-01-01T00:00:00.000Z,USER,usr_1,Dana,session.open.signIn,,,,ALLOWED,,10.0.0.1,curl/8.5.0,req_1,,"{""role"":""VIEWER""}"\r\n',
  )
  expect(name('a "b", c')).toBe('"a ""b"", c"')
  expect(csv.head.startsWith('\uFEFFid,at,')).toBe(true)
})

test.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '＝1', '\t=1', '\r=1', '\n=1', '=HYPERLINK("http://x","y")'])(
  'a spreadsheet takes no formula from %j',
  (text) => expect(name(text)?.replace(/^"/, '').startsWith("'")).toBe(true),
)

test('a line of JSON is whole, and one line whatever it holds', () => {
  const line = jsonl.line(entry({ actorName: 'a\nb' }))
  expect(line.indexOf('\n')).toBe(line.length - 1)
  expect(JSON.parse(line)).toEqual(entry({ actorName: 'a\nb' }))
})
