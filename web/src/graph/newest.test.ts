import { expect, test } from 'vitest'
import { foldNew, foldOlder, type Newest, type Page, readNewest } from './newest.ts'

interface Item {
  id: string
  at: string
}
const item = (n: number): Item => ({ id: `e${n}`, at: `2026-01-01T00:00:${String(n).padStart(2, '0')}.000Z` })
/** Pages of three, of items `newest` down to 1. */
const pages = (newest: number) => {
  const asked: (string | null)[] = []
  const read = async (after: string | null): Promise<Page<Item>> => {
    asked.push(after)
    const from = after === null ? newest : Number(after) - 1
    const items = Array.from({ length: Math.min(3, from) }, (_, i) => item(from - i))
    return { items, endCursor: items.at(-1)?.id.slice(1) ?? null, more: from > 3 }
  }
  return { read, asked }
}
const ids = (list: Page<Item>) => list.items.map(({ id }) => Number(id.slice(1)))

test('a first read is one page', async () => {
  const { read, asked } = pages(10)
  const list = await readNewest(read, undefined, 1)
  expect(ids(list)).toEqual([10, 9, 8])
  expect(list).toMatchObject({ endCursor: '8', more: true, readAt: 1 })
  expect(asked).toEqual([null])
})

test('a read again keeps what was loaded further down, and closes the hole between', async () => {
  const first = await readNewest(pages(10).read, undefined, 1)
  const more = foldOlder(first, '8', await pages(10).read('8'))
  expect(ids(more)).toEqual([10, 9, 8, 7, 6, 5])
  const { read, asked } = pages(15)
  const list = await readNewest(read, more, 2)
  expect(ids(list)).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5])
  expect(list).toMatchObject({ endCursor: '5', more: true })
  expect(asked).toEqual([null, '13'])
})

test('who was away for long begins anew', async () => {
  const old = await readNewest(pages(5).read, undefined, 1)
  const list = await readNewest(pages(40).read, old, 2)
  expect(ids(list)).toEqual(Array.from({ length: 15 }, (_, i) => 40 - i))
  expect(list).toMatchObject({ endCursor: '26', more: true })
})

test('a new one comes first, a late one where it belongs, and none twice', async () => {
  const list = await readNewest(pages(10).read, undefined, 1)
  const late = { id: 'late', at: item(9).at.replace('.000', '.500') }
  const folded = [item(11), late, item(11)].reduce<Newest<Item>>(foldNew, list)
  expect(folded.items.map(({ id }) => id)).toEqual(['e11', 'e10', 'late', 'e9', 'e8'])
  expect(foldNew(list, item(1))).toBe(list)
})

test('a page of another end is left aside', async () => {
  const list = await readNewest(pages(10).read, undefined, 1)
  expect(foldOlder(list, '5', await pages(10).read('5'))).toBe(list)
})
