// What the console does not know yet of this machine's facts.

export interface Changes<Facts extends object> {
  /** Members that differ from what was acknowledged; null when none does. null as a value clears a member. */
  since(facts: Facts): Partial<Facts> | null
  /** The console has taken these. */
  acknowledge(facts: Facts): void
}

/** Until something was acknowledged, everything is news. */
export function createChanges<Facts extends object>(): Changes<Facts> {
  let known: Partial<Facts> = {}
  return {
    since(facts) {
      const names = Object.keys(facts) as (keyof Facts)[]
      const changed = names.filter((name) => JSON.stringify(facts[name]) !== JSON.stringify(known[name]))
      return changed.length > 0
        ? (Object.fromEntries(changed.map((name) => [name, facts[name]])) as Partial<Facts>)
        : null
    },
    acknowledge(facts) {
      known = { ...facts }
    },
  }
}
