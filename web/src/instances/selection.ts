// What is selected in a list: rows by hand, or all that match; another list has another selection.
import type { InstanceSelection } from '../graph/gql/graphql.ts'
import { type Filters, toFilter } from './listQuery.ts'

export interface Selection {
  /** All that match, as many as there were when it was chosen; null: those of `ids`. */
  all: number | null
  ids: ReadonlySet<string>
  /** Where a range begins. */
  anchor: string | null
}

export const NOTHING: Selection = { all: null, ids: new Set(), anchor: null }

export const countOf = ({ all, ids }: Selection): number => all ?? ids.size

export const isSelected = ({ all, ids }: Selection, id: string): boolean => all !== null || ids.has(id)

/** Of all that match, those in sight become selected by hand as soon as one of them is taken out. */
const byHand = ({ all, ids }: Selection, shown: readonly string[]): Set<string> => new Set(all === null ? ids : shown)

export const toggle = (selection: Selection, id: string, shown: readonly string[]): Selection => {
  const ids = byHand(selection, shown)
  if (!ids.delete(id)) ids.add(id)
  return { all: null, ids, anchor: id }
}

/** From the row that was toggled last to this one: all become what the last one is now. */
export const extend = (selection: Selection, id: string, shown: readonly string[]): Selection => {
  const [from, to] = [shown.indexOf(selection.anchor ?? ''), shown.indexOf(id)]
  if (from < 0 || to < 0) return toggle(selection, id, shown)
  const ids = byHand(selection, shown)
  const on = ids.has(selection.anchor ?? '')
  for (const one of shown.slice(Math.min(from, to), Math.max(from, to) + 1)) {
    if (on) ids.add(one)
    else ids.delete(one)
  }
  return { all: null, ids, anchor: id }
}

/** The box in the head: all in sight, or none of them. */
export const togglePage = (selection: Selection, shown: readonly string[]): Selection => {
  const ids = byHand(selection, shown)
  const on = !shown.every((id) => ids.has(id))
  for (const id of shown) {
    if (on) ids.add(id)
    else ids.delete(id)
  }
  return { all: null, ids, anchor: null }
}

export const selectAll = (matching: number): Selection => ({ ...NOTHING, all: matching })

/** Without those that are gone. */
export const without = (selection: Selection, gone: readonly string[]): Selection => {
  if (!gone.some((id) => selection.ids.has(id))) return selection
  return { ...selection, ids: new Set([...selection.ids].filter((id) => !gone.includes(id))) }
}

export const toInput = (selection: Selection, list: Filters): InstanceSelection =>
  selection.all === null
    ? { ids: [...selection.ids] }
    : { filter: toFilter(list), search: list.search || null, count: selection.all }
