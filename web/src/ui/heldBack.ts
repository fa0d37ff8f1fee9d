// Which of a renewed list may be shown without moving what is shown already.

/** Known ones in their new form, and what follows the last of them; all else waits. */
export const heldBack = <Item extends { id: string }>(
  shown: readonly Item[],
  fresh: readonly Item[],
): { kept: readonly Item[]; waiting: number } => {
  const known = new Set(shown.map(({ id }) => id))
  const last = fresh.findLastIndex(({ id }) => known.has(id))
  // Nothing of it is left: holding on to it would show what is not there.
  if (last < 0) return { kept: fresh, waiting: 0 }
  const kept = fresh.filter(({ id }, index) => index > last || known.has(id))
  return { kept, waiting: fresh.length - kept.length }
}
