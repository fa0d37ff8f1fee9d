// Places for the rows of a list that shows others in a moment: who stays keeps their place, who is new takes that of one who went.

export type Slots = ReadonlyMap<string, number>

/**
 * A place for each id, to be the key of its element: another row in an old place renews texts, where a new key
 * would draw all of it anew. An element whose row stays is never given to another one.
 */
export const toSlots = (before: Slots | undefined, ids: readonly string[]): Slots => {
  const kept = new Set(ids.flatMap((id) => before?.get(id) ?? []))
  const free = [...(before?.values() ?? [])].filter((slot) => !kept.has(slot)).toSorted((a, b) => b - a)
  let next = 1 + Math.max(-1, ...(before?.values() ?? []))
  return new Map(ids.map((id) => [id, before?.get(id) ?? free.pop() ?? next++]))
}
