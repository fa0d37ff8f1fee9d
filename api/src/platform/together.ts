// Whoever asks while a question is under way shares the next one: a hundred pages that look at the same thing, or a thousand agents that come back,
// cost as much as a few.

export const createTogether = <Value extends { id: string }>(
  load: (ids: string[]) => Promise<readonly Value[]>,
): ((id: string) => Promise<Value | undefined>) => {
  let asked = new Map<string, PromiseWithResolvers<Value | undefined>>()
  let isAsking = false

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

  const answerAll = async (): Promise<void> => {
    while (asked.size > 0) await answer()
    isAsking = false
  }

  return (id) => {
    const known = asked.get(id)
    if (known) return known.promise
    const place = Promise.withResolvers<Value | undefined>()
    asked.set(id, place)
    if (!isAsking) {
      isAsking = true
      process.nextTick(() => void answerAll())
    }
    return place.promise
  }
}
