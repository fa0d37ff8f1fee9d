// A timeline cut into days of the reader's zone.

export interface Day<Item> {
  /** Midnight, in milliseconds since 1970: the key, and what its heading is made of. */
  start: number
  items: Item[]
}

export const dayStart = (at: number): number => new Date(at).setHours(0, 0, 0, 0)

/** `items` are newest first, and so are the days. */
export const toDays = <Item extends { at: string }>(items: readonly Item[]): Day<Item>[] => {
  const days: Day<Item>[] = []
  for (const item of items) {
    const start = dayStart(Date.parse(item.at))
    const last = days.at(-1)
    if (last?.start === start) last.items.push(item)
    else days.push({ start, items: [item] })
  }
  return days
}
