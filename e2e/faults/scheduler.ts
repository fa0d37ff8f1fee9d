// Which faults happen when: one seed gives one sequence.

export interface Choice {
  /** What is done, such as "kill". */
  kind: string
  /** To whom: all of these before any comes again. */
  targets: readonly string[]
  /** How often among one round of all kinds. */
  times?: number
  /** What it holds meanwhile: two faults never hold the same. Its target otherwise. */
  holds?: (target: string) => readonly string[]
  lengthMs?: readonly [least: number, most: number]
}

export interface Act {
  kind: string
  target: string
  atMs: number
  lengthMs: number
}

export type Random = () => number

/** Mulberry32: small, and the same everywhere. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Deals all cards before any comes again. */
function createDeck<Card>(cards: readonly Card[], random: Random): () => Card {
  let left: Card[] = []
  return () => {
    if (left.length === 0) left = [...cards]
    return left.splice(Math.floor(random() * left.length), 1)[0] as Card
  }
}

const between = (random: Random, [least, most]: readonly [number, number]): number =>
  Math.round(least + random() * (most - least))

const lengthMs = [1_500, 6_000] as const
const pauseMs = [1_500, 4_000] as const
/** Between two faults that hold the same. */
const restMs = 1_000
const waitingMax = 8

interface Card extends Omit<Act, 'atMs'> {
  holds: readonly string[]
}

/** All of them end within `durationMs`. */
export function schedule(seed: number, durationMs: number, choices: readonly Choice[]): Act[] {
  const random = createRandom(seed)
  const kinds = createDeck(
    choices.flatMap((choice) => Array.from({ length: choice.times ?? 1 }, () => choice)),
    random,
  )
  const targets = new Map(choices.map((choice) => [choice, createDeck(choice.targets, random)]))
  const heldUntil = new Map<string, number>()
  /** Dealt, and not done yet because something else goes on where they would be. */
  const waiting: Card[] = []
  const acts: Act[] = []
  let atMs = 0

  const deal = (): Card => {
    const choice = kinds()
    const target = (targets.get(choice) as () => string)()
    const holds = choice.holds?.(target) ?? [target]
    return { kind: choice.kind, target, holds, lengthMs: between(random, choice.lengthMs ?? lengthMs) }
  }
  const take = (startMs: number): Card | undefined => {
    const isFree = (card: Card): boolean => card.holds.every((part) => (heldUntil.get(part) ?? 0) <= startMs)
    const index = waiting.findIndex(isFree)
    if (index >= 0) return waiting.splice(index, 1)[0]
    while (waiting.length < waitingMax) {
      const card = deal()
      if (isFree(card)) return card
      waiting.push(card)
    }
    return undefined
  }

  for (;;) {
    const startMs = atMs + between(random, pauseMs)
    if (startMs > durationMs) return acts
    const card = take(startMs)
    if (!card) {
      atMs = startMs
      continue
    }
    const { kind, target, holds, lengthMs: length } = card
    // Something shorter may still fit.
    if (startMs + length > durationMs) continue
    atMs = startMs
    for (const part of holds) heldUntil.set(part, startMs + length + restMs)
    acts.push({ kind, target, atMs, lengthMs: length })
  }
}
