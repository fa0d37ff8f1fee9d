// Whoever asks within one tick shares one question: a hundred pages that look at the same thing cost as much as one.

export const createTogether = <Value extends { id: string }>(
  load: (ids: string[]) => Promise<readonly Value[]>,
): ((id: string) => Promise<Value | undefined>) => {
  let asked = new Map<string, PromiseWithResolvers<Value | undefined>>()
  const answer = async (): Promise<void> => {
    const asking = asked
    asked = new Map()
    try {
      for (const value of await load([...asking.keys()])) asking.get(value.id)?.resolve(value)
      for (const { resolve } of asking.values()) resolve(undefined)
    } catch (error) {
      for (const { reject } of asking.values()) reject(error)
    }
  }
  return (id) => {
    const known = asked.get(id)
    if (known) return known.promise
    if (asked.size === 0) process.nextTick(() => void answer())
    const place = Promise.withResolvers<Value | undefined>()
    asked.set(id, place)
    return place.promise
  }
}
