import { LIMITS } from '@sindri/schema/contract/limits'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkRecords } from '../platform/records.ts'
import { checkEvent } from './check.ts'

const nowMs = Date.UTC(2026, 5, 15, 12)
const window = { nowMs, pastMs: LIMITS.atPastMs }
const good = {
  run: '01JCXW3K6VQZ5R8N2M4T7B9D0F',
  seq: 1,
  type: 'DEPLOY',
  message: 'Deployed.',
  metadata: { version: '1.2.3', steps: [1, 2, { ok: true }] },
  at: new Date(nowMs).toISOString(),
}
const check = (record: unknown) => checkRecords([record], (each) => checkEvent(each, window))
const nested = (depth: number): unknown => JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth))

describe('an event', () => {
  const bad: [what: string, change: object, field: string, code?: string][] = [
    ['a type nobody knows', { type: 'EXPLODE' }, 'type'],
    ['a type in small letters', { type: 'deploy' }, 'type'],
    ['a type of every object', { type: 'toString' }, 'type'],
    ['no type', { type: null }, 'type'],
    ['a type that is a list', { type: ['DEPLOY'] }, 'type'],
    ['no message', { message: null }, 'message'],
    ['a huge message', { message: 'x'.repeat(4097) }, 'message'],
    ['NUL in the message', { message: 'a\0b' }, 'message'],
    ['metadata that are a list', { metadata: [] }, 'metadata'],
    ['metadata that are text', { metadata: 'x' }, 'metadata'],
    ['metadata beyond 16 KiB', { metadata: { text: 'x'.repeat(16 * 1024) } }, 'metadata'],
    ['metadata whose bytes are beyond 16 KiB', { metadata: { text: 'ü'.repeat(9 * 1024) } }, 'metadata'],
    ['metadata too deep', { metadata: nested(34) }, 'metadata'],
    ['metadata deeper than any stack', { metadata: { a: nested(300_000) } }, 'metadata'],
    ['NUL in metadata', { metadata: { a: ['x', { b: '\0' }] } }, 'metadata'],
    ['NUL in a name of metadata', { metadata: { 'a\0': 1 } }, 'metadata'],
    ['a time of long ago', { at: '2020-01-01T00:00:00Z' }, 'at', 'CLOCK'],
    ['no time', { at: undefined }, 'at'],
    ['seq of zero', { seq: 0 }, 'seq'],
    ['a run that is none', { run: 'yesterday' }, 'run'],
    ['a run that is a number', { run: 7 }, 'run'],
    ['a run past 128 bits', { run: '8ZZZZZZZZZZZZZZZZZZZZZZZZZ' }, 'run'],
    ['seq below zero', { seq: -1 }, 'seq'],
    ['seq that is broken', { seq: 1.5 }, 'seq'],
    ['seq past 31 bits', { seq: 2 ** 31 }, 'seq'],
    ['seq as text', { seq: '1' }, 'seq'],
    ['a message that is a list', { message: ['x'] }, 'message'],
    ['a message that is an object', { message: { toString: 'x' } }, 'message'],
    ['metadata that are a number', { metadata: 5 }, 'metadata'],
    ['metadata that are true', { metadata: true }, 'metadata'],
    ['metadata of a megabyte in one name', { metadata: { ['x'.repeat(1_000_000)]: 1 } }, 'metadata'],
    [
      'a time 10 minutes and a moment ahead',
      { at: new Date(nowMs + LIMITS.atFutureMs + 1).toISOString() },
      'at',
      'CLOCK',
    ],
    ['a time without a zone', { at: '2026-06-15T12:00:00' }, 'at'],
    ['a day that does not exist', { at: '2026-06-31T12:00:00Z' }, 'at'],
    ['a time that is a number', { at: nowMs }, 'at'],
    ['a time that is a list', { at: [good.at] }, 'at'],
  ]
  it.each(bad)('with %s is refused', (_, change, field, code = 'BAD_INPUT') => {
    const { refusals } = check({ ...good, ...change })
    expect(refusals).toMatchObject([{ index: 0, code, field }])
    expect(refusals[0]?.got?.length).toBeLessThanOrEqual(90)
  })

  it('keeps its metadata as they are, and halves of characters as U+FFFD', () => {
    const metadata = {
      'ü"\\': String.raw`\u0000 \ud800 written out`,
      half: 'a\ud83d',
      whole: '😀',
      control: '\u0001\n',
    }
    const [accepted] = check({ ...good, metadata }).accepted
    expect(JSON.parse(accepted?.record.metadata ?? '')).toEqual({ ...metadata, half: 'a\ufffd' })
    expect(check({ ...good, metadata: nested(32) }).refusals).toEqual([])
    expect(check({ ...good, metadata: null }).accepted[0]?.record.metadata).toBe('{}')
  })

  it('passes or is refused alone, whatever its neighbours are', () => {
    const record = fc.oneof(
      fc.constant(good),
      fc.anything(),
      fc
        .tuple(fc.constantFrom(...Object.keys(good)), fc.anything())
        .map(([name, value]) => ({ ...good, [name]: value })),
      fc.jsonValue().map((metadata) => ({ ...good, metadata: { metadata } })),
    )
    fc.assert(
      fc.property(fc.array(record, { maxLength: 10 }), (records) => {
        const { accepted, refusals } = checkRecords(records, (each) => checkEvent(each, window))
        expect(accepted.length + refusals.length).toBe(records.length)
        records.forEach((each, i) =>
          expect(check(each).accepted.length).toBe(accepted.some(({ index }) => index === i) ? 1 : 0),
        )
      }),
      { numRuns: 500 },
    )
  })
})
