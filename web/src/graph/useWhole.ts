// A list of moderate length for a component, page after page as far as was asked for, read again by itself.
import { type WatchSource, shallowRef, watch } from 'vue'
import { systemClock } from '../platform/clock.ts'
import { useLive } from './useLive.ts'

export interface Whole<Item> {
  items: readonly Item[]
  /** Of all that match. */
  total: number
  more: boolean
  readAt: number
}
export interface CountedPage<Item> {
  totalCount?: number | null
  edges: readonly { node: Item }[]
  pageInfo: { endCursor?: string | null; hasNextPage: boolean }
}

export const useWhole = <Item>(
  inputs: WatchSource<unknown>,
  source: () => (after: string | null) => Promise<CountedPage<Item>>,
) => {
  const pages = shallowRef(1)
  watch(inputs, () => (pages.value = 1), { flush: 'sync' })
  const live = useLive<Whole<Item>, never>([inputs, pages], () => {
    const readPage = source()
    const wanted = pages.value
    return {
      read: async () => {
        const items: Item[] = []
        let page: CountedPage<Item> | undefined
        for (let read = 0; read < wanted && (page?.pageInfo.hasNextPage ?? true); read++) {
          page = await readPage(page?.pageInfo.endCursor ?? null)
          items.push(...page.edges.map(({ node }) => node))
        }
        return {
          items,
          total: page?.totalCount ?? items.length,
          more: page?.pageInfo.hasNextPage ?? false,
          readAt: systemClock.now(),
        }
      },
      fold: (whole) => whole,
    }
  })
  return { ...live, more: () => pages.value++ }
}
