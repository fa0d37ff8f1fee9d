// The selection of the list on screen: kept over its pages, let go when another list is shown or its rows are gone.
import { type ComputedRef, computed, shallowRef, watch } from 'vue'
import type { ListQuery } from './listQuery.ts'
import { FILTERS } from './listQuery.ts'
import type { Row } from './rows.ts'
import {
  NOTHING,
  type Selection,
  countOf,
  extend,
  selectAll,
  toInput,
  toggle,
  togglePage,
  without,
} from './selection.ts'

export const useSelection = (list: ComputedRef<ListQuery>, rows: () => readonly Row[]) => {
  const selection = shallowRef<Selection>(NOTHING)
  const there = () => rows().flatMap(({ instance, removed }) => (removed ? [] : [instance.id]))

  watch(
    () => JSON.stringify([list.value.search, ...FILTERS.map((filter) => list.value[filter])]),
    () => (selection.value = NOTHING),
  )
  watch(rows, (now) => {
    const gone = now.flatMap(({ instance, removed }) => (removed ? [instance.id] : []))
    selection.value = without(selection.value, gone)
  })

  return {
    selection,
    count: computed(() => countOf(selection.value)),
    input: computed(() => toInput(selection.value, list.value)),
    select: (id: string, range: boolean): void => {
      selection.value = (range ? extend : toggle)(selection.value, id, there())
    },
    selectPage: (): void => void (selection.value = togglePage(selection.value, there())),
    selectAll: (matching: number): void => void (selection.value = selectAll(matching)),
    /** Whether there was something to let go of. */
    clear: (): boolean => {
      const had = countOf(selection.value) > 0
      selection.value = NOTHING
      return had
    },
  }
}
