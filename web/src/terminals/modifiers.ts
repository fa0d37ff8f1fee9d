// Ctrl and Alt of a phone's key bar, and what they make of the next key: a tap holds for one, a second tap until the third.

export type Hold = 'off' | 'once' | 'locked'
export interface Modifiers {
  readonly ctrl: Hold
  readonly alt: Hold
}

export const noModifiers: Modifiers = { ctrl: 'off', alt: 'off' }

const nextHold = { off: 'once', once: 'locked', locked: 'off' } as const satisfies Record<Hold, Hold>

export const tapModifier = (modifiers: Modifiers, name: keyof Modifiers): Modifiers => ({
  ...modifiers,
  [name]: nextHold[modifiers[name]],
})

const spent = (hold: Hold): Hold => (hold === 'locked' ? 'locked' : 'off')

/** As keyboards have it since the VT100: a letter's place in its column of ASCII, and some neighbours. */
const withCtrl = (key: string): string => {
  if (key === ' ' || key === '2') return '\0'
  if (key === '/' || key === '-') return '\x1f'
  if (key === '?') return '\x7f'
  const code = key.toUpperCase().charCodeAt(0)
  return code >= 0x40 && code <= 0x5f ? String.fromCharCode(code - 0x40) : key
}

/** Only a single character is a key; a paste or what a keyboard predicts is left as it is. */
export const applyModifiers = (modifiers: Modifiers, data: string): { data: string; modifiers: Modifiers } => {
  if (data.length !== 1) return { data, modifiers }
  const controlled = modifiers.ctrl === 'off' ? data : withCtrl(data)
  return {
    data: modifiers.alt === 'off' ? controlled : `\x1b${controlled}`,
    modifiers: { ctrl: spent(modifiers.ctrl), alt: spent(modifiers.alt) },
  }
}

export type Arrow = 'up' | 'down' | 'right' | 'left'
const finals = { up: 'A', down: 'B', right: 'C', left: 'D' } as const satisfies Record<Arrow, string>

/** `application`: the mode in which full-screen programs want their arrows. */
export const arrowKey = (
  modifiers: Modifiers,
  arrow: Arrow,
  application: boolean,
): { data: string; modifiers: Modifiers } => {
  const held = 1 + (modifiers.alt === 'off' ? 0 : 2) + (modifiers.ctrl === 'off' ? 0 : 4)
  const plain = application ? '\x1bO' : '\x1b['
  return {
    data: `${held === 1 ? plain : `\x1b[1;${held}`}${finals[arrow]}`,
    modifiers: { ctrl: spent(modifiers.ctrl), alt: spent(modifiers.alt) },
  }
}
