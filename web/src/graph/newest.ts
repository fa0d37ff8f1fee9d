// A list that grows at its head and is paged to its tail: newest first, each once; what was loaded further down outlives a read.

export interface Page<Item> {
  items: readonly Item[]
  /** Where the next page begins; null after an empty one. */
  endCursor: string | null
  more: boolean
}
export interface Newest<Item> extends Page<Item> {
  /** By this page's clock. */
  readAt: number
}
interface Record {
  id: string
  /** RFC 3339 in UTC, so that text compares as time. */
  at: string
}

/** Of a list whose records change: which of two words about the same one is the later, and whether it will change no more. */
export interface Changes<Item> {
  newerOf(known: Item, heard: Item): Item
  isFinal(item: Item): boolean
}

/** Whoever was away this long begins anew, rather than load a whole log to keep its end. */
const PAGES_MOST = 5

/** Reads until it meets what is shown, and all of it that may have changed, and keeps what is shown below that. */
export const readNewest = async <Item extends Record>(
  readPage: (after: string | null) => Promise<Page<Item>>,
  shown: Newest<Item> | undefined,
  readAt: number,
  changes?: Changes<Item>,
): Promise<Newest<Item>> => {
  const least = changes && shown ? shown.items.findLastIndex((item) => !changes.isFinal(item)) : -1
  const places = new Map(shown?.items.map(({ id }, index) => [id, index]))
  const items: Item[] = []
  let page: Page<Item> | undefined
  let met = -1
  for (let pages = 0; pages < PAGES_MOST; pages++) {
    page = await readPage(page?.endCursor ?? null)
    items.push(...page.items)
    met = Math.max(met, ...page.items.map(({ id }) => places.get(id) ?? -1))
    if (!shown || (met >= 0 && met >= least) || !page.more) break
  }
  const { endCursor = null, more = false } = page ?? {}
  if (!shown || met < 0 || !more) return { items, endCursor, more, readAt }
  const read = new Set(items.map(({ id }) => id))
  const kept = shown.items.slice(met + 1).filter(({ id }) => !read.has(id))
  return kept.length === 0
    ? { items, endCursor, more, readAt }
    : { items: [...items, ...kept], endCursor: shown.endCursor, more: shown.more, readAt }
}

/** One that was just recorded, or has changed; a late one takes its place in time. */
export const foldNew = <Item extends Record>(list: Newest<Item>, item: Item, changes?: Changes<Item>): Newest<Item> => {
  const place = list.items.findIndex(({ id }) => id === item.id)
  const known = list.items[place]
  if (known) return changes ? { ...list, items: list.items.with(place, changes.newerOf(known, item)) } : list
  const at = list.items.findIndex((known) => known.at <= item.at)
  // Older than all that is loaded: it comes with its page.
  if (at < 0 && list.more) return list
  return { ...list, items: at < 0 ? [...list.items, item] : list.items.toSpliced(at, 0, item) }
}

/** The page behind the end, where the end is still the one it was asked for. */
export const foldOlder = <Item extends Record>(
  list: Newest<Item>,
  after: string | null,
  page: Page<Item>,
): Newest<Item> => {
  if (list.endCursor !== after) return list
  const known = new Set(list.items.map(({ id }) => id))
  return {
    ...list,
    items: [...list.items, ...page.items.filter(({ id }) => !known.has(id))],
    endCursor: page.endCursor ?? list.endCursor,
    more: page.more,
  }
}
