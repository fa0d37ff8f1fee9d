import { describe, expect, test } from 'vitest'
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
  const folded = [item(11), late, item(11)].reduce<Newest<Item>>((all, one) => foldNew(all, one), list)
  expect(folded.items.map(({ id }) => id)).toEqual(['e11', 'e10', 'late', 'e9', 'e8'])
  expect(foldNew(list, item(1))).toBe(list)
})

test('a page of another end is left aside', async () => {
  const list = await readNewest(pages(10).read, undefined, 1)
  expect(foldOlder(list, '5', await pages(10).read('5'))).toBe(list)
})

describe('records that change', () => {
  interface Job extends Item {
    step: number
  }
  const changes = {
    newerOf: (known: Job, heard: Job) => (heard.step < known.step ? known : heard),
    isFinal: ({ step }: Job) => step === 2,
  }
  /** The job of number `open` is not done yet. */
  const jobs = (newest: number, open: number) => {
    const { read, asked } = pages(newest)
    const readJobs = async (after: string | null): Promise<Page<Job>> => {
      const page = await read(after)
      return { ...page, items: page.items.map((one) => ({ ...one, step: one.id === `e${open}` ? 1 : 2 })) }
    }
    return { read: readJobs, asked }
  }

  test('are read again as far down as one may still change', async () => {
    let list = await readNewest(jobs(12, 5).read, undefined, 1, changes)
    for (const after of ['10', '7', '4']) list = foldOlder(list, after, await jobs(12, 5).read(after))
    expect(ids(list)).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
    const { read, asked } = jobs(12, 0)
    const again = await readNewest(read, list, 2, changes)
    expect(asked).toEqual([null, '10', '7'])
    expect(ids(again)).toEqual(ids(list))
    expect(again.items.every(changes.isFinal)).toBe(true)
    const { read: third, asked: once } = jobs(12, 0)
    await readNewest(third, again, 3, changes)
    expect(once).toEqual([null])
  })

  test('take their place as they are now, and do not go back', async () => {
    const list = await readNewest(jobs(12, 12).read, undefined, 1, changes)
    const done = foldNew(list, { ...item(12), step: 2 }, changes)
    expect(done.items[0]).toMatchObject({ id: 'e12', step: 2 })
    expect(foldNew(done, { ...item(12), step: 1 }, changes).items).toEqual(done.items)
    expect(ids(done)).toEqual(ids(list))
  })
})
