// Which entries answer what is typed, best first, and which of their letters did.

/** A piece of a title; `hit` was typed. */
export interface Piece {
  text: string
  hit: boolean
}

const wordsOf = (typed: string): string[] => typed.toLowerCase().split(/\s+/).filter(Boolean)

/** Every typed word must be in the title or the other words; better where it begins a word, best where it begins the title. */
export const scoreOf = (typed: string, title: string, others = ''): number => {
  const text = title.toLowerCase()
  const rest = others.toLowerCase()
  let score = 0
  for (const word of wordsOf(typed)) {
    const at = text.indexOf(word)
    if (at === 0) score += 8
    else if (at > 0) score += /[\s\-_./]/.test(text[at - 1] ?? '') ? 4 : 2
    else if (rest.includes(word)) score += 1
    else return 0
  }
  return score
}

export const rank = <Entry extends { title: string; others?: string | undefined }>(
  typed: string,
  entries: readonly Entry[],
): Entry[] =>
  wordsOf(typed).length === 0
    ? [...entries]
    : entries
        .map((entry) => ({ entry, score: scoreOf(typed, entry.title, entry.others) }))
        .filter(({ score }) => score > 0)
        .toSorted((a, b) => b.score - a.score)
        .map(({ entry }) => entry)

/** The title cut where the typed words are, for marking them. */
export const piecesOf = (typed: string, title: string): Piece[] => {
  const text = title.toLowerCase()
  // Case may change a length (İ): then nothing can be marked rightly.
  if (text.length !== title.length) return [{ text: title, hit: false }]
  const hits = Array.from({ length: title.length }, () => false)
  for (const word of wordsOf(typed)) {
    const at = text.indexOf(word)
    if (at >= 0) hits.fill(true, at, at + word.length)
  }
  const pieces: Piece[] = []
  for (const [at, hit] of hits.entries()) {
    const last = pieces.at(-1)
    if (last?.hit === hit) last.text += title[at]
    else pieces.push({ text: title[at] ?? '', hit })
  }
  return pieces
}
