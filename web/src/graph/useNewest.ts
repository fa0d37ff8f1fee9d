// A live list of records for a component: newest first, read again by itself, and more of the past on request.
import { type WatchSource, shallowRef } from 'vue'
import { type Undo, systemClock } from '../platform/clock.ts'
import { type ShownFault, toFault } from './faults.ts'
import { type Changes, foldNew, foldOlder, type Newest, type Page, readNewest } from './newest.ts'
import { useLive } from './useLive.ts'

type Message<Item> = { kind: 'new'; item: Item } | { kind: 'older'; after: string | null; page: Page<Item> }

export interface NewestSource<Item> {
  subscribe?(receive: { next(item: Item): void; fault(fault: ShownFault): void }): Undo
  readPage(after: string | null): Promise<Page<Item>>
  /** Where its records change. */
  changes?: Changes<Item>
}

export const useNewest = <Item extends { id: string; at: string }>(
  inputs: WatchSource<unknown> | WatchSource<unknown>[],
  source: () => NewestSource<Item>,
) => {
  let push: ((message: Message<Item>) => void) | undefined
  let from: NewestSource<Item>
  const loading = shallowRef(false)
  const olderFault = shallowRef<ShownFault>()

  const live = useLive<Newest<Item>, Message<Item>>(inputs, () => {
    const mine = (from = source())
    olderFault.value = undefined
    loading.value = false
    return {
      subscribe: ({ next, fault }) => {
        push = next
        return mine.subscribe?.({ next: (item) => next({ kind: 'new', item }), fault }) ?? (() => {})
      },
      // What other filters showed is not this list.
      read: (shown) => readNewest(mine.readPage, shown, systemClock.now(), mine.changes),
      fold: (list, message) =>
        message.kind === 'new'
          ? foldNew(list, message.item, mine.changes)
          : foldOlder(list, message.after, message.page),
    }
  })

  const older = async () => {
    const after = live.state.value?.endCursor ?? null
    if (loading.value || after === null) return
    const mine = from
    loading.value = true
    olderFault.value = undefined
    try {
      const page = await mine.readPage(after)
      if (mine === from) push?.({ kind: 'older', after, page })
    } catch (error) {
      if (mine === from) olderFault.value = toFault(error)
    } finally {
      if (mine === from) loading.value = false
    }
  }

  return { ...live, older, loadingOlder: loading, olderFault }
}
