// OSC 52, by which a program asks for the clipboard: it may write where the user allowed it, and never reads.

export type ClipboardWish = { kind: 'write'; text: string } | { kind: 'read' } | { kind: 'none' }

/** As much as anybody copies by hand; more would stall the page. */
export const MOST_BYTES = 1024 * 1024

/** `data`: what stands between "52;" and the end of the sequence, as "c;aGk=". */
export const clipboardWish = (data: string): ClipboardWish => {
  const cut = data.indexOf(';')
  const encoded = cut < 0 ? '' : data.slice(cut + 1)
  if (encoded === '?') return { kind: 'read' }
  if (encoded === '' || encoded.length > (MOST_BYTES * 4) / 3) return { kind: 'none' }
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
    return { kind: 'write', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { kind: 'none' }
  }
}

export interface ClipboardSituation {
  /** The user's preference. */
  allowed: boolean
  /** Output that was shown before: what it wished for then is over. */
  replay: boolean
  /** The user was told already that a program here wants to. */
  told: boolean
}

export const answerTo = (
  wish: ClipboardWish,
  { allowed, replay, told }: ClipboardSituation,
): 'write' | 'tell' | 'ignore' => {
  if (wish.kind !== 'write' || replay) return 'ignore'
  if (allowed) return 'write'
  return told ? 'ignore' : 'tell'
}
