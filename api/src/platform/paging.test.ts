import { describe, expect, it } from 'vitest'
import { pageSize, readCursor, toCursor, toPage } from './paging.ts'

describe('a cursor', () => {
  it('comes back as it was given out', () => {
    const key = ['2026-11-20T18:00:00.123Z', 'evt_é', null, 1.5]
    expect(readCursor(toCursor(key), ['time', 'string', 'string?', 'number'])).toEqual(key)
  })

  it('that is absent means the beginning', () => {
    expect(readCursor(null, ['string'])).toBeNull()
    expect(readCursor(undefined, ['string'])).toBeNull()
  })

  it.each([
    ['that is empty', ''],
    ['that is not base64url', '§§'],
    ['that is no JSON', Buffer.from('[1').toString('base64url')],
    ['that is no array', Buffer.from('{"0":"a"}').toString('base64url')],
    ['of another length', toCursor(['a', 'b'])],
    ['of another type', toCursor([1])],
    ['with a null where none belongs', toCursor([null])],
    ['with a NUL that no database takes', toCursor(['a\0'])],
    ['of great length', toCursor(['a'.repeat(2000)])],
    ['that is null', toCursor(null as never)],
    ['that is a number', Buffer.from('7').toString('base64url')],
    ['that is text', Buffer.from('"a"').toString('base64url')],
    ['with nothing in it', toCursor([])],
    ['with a list in it', toCursor([['a']] as never)],
    ['with an object in it', toCursor([{ a: 1 }] as never)],
    ['with a truth in it', toCursor([true] as never)],
    ['of a prototype', Buffer.from('{"__proto__":["a"],"length":1}').toString('base64url')],
    ['with bytes that are no UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x5d]).toString('base64url')],
    ['cut short', toCursor(['abcdef']).slice(0, -3)],
    ['that was JSON all along', '["a"]'],
    ['that is as long as a book', 'W'.repeat(1_000_000)],
  ])('%s is refused', (_, cursor) => {
    expect(() => readCursor(cursor, ['string'])).toThrow('after: expected a cursor of this very list')
  })

  it('whose time is none is refused', () => {
    for (const time of [
      'yesterday',
      '',
      '2026-11-20',
      '2026-11-20T18:00:00Z',
      '2026-11-20T18:00:00.123+00:00',
      '2026-99-20T18:00:00.123Z',
      '2026-02-30T18:00:00.123Z',
      '2026-11-20T24:00:00.000Z',
      '0000-01-01T00:00:00.000Z',
      '+010000-01-01T00:00:00.000Z',
      "2026-11-20T18:00:00Z'; --",
      'infinity',
      'now',
    ]) {
      expect(() => readCursor(toCursor([time]), ['time'])).toThrow('after: expected')
    }
  })
})

it('a page has 1 to 200 items, 50 by default', () => {
  expect(pageSize({})).toBe(50)
  expect(pageSize({ first: 200 })).toBe(200)
  for (const first of [0, -1, 201, 1.5, Number.NaN]) expect(() => pageSize({ first })).toThrow('first: expected')
})

it('a page says that more follow by the one row too many', () => {
  const page = (rows: number[]) => toPage(rows, 2, rows.length, (row) => [row], String)
  expect(page([1, 2, 3])).toEqual({
    edges: [
      { cursor: toCursor([1]), node: '1' },
      { cursor: toCursor([2]), node: '2' },
    ],
    hasNextPage: true,
    totalCount: 3,
  })
  expect(page([1, 2]).hasNextPage).toBe(false)
  expect(page([])).toEqual({ edges: [], hasNextPage: false, totalCount: 0 })
})
