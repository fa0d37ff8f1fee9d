// Whether a key belongs to what has the focus: text that is typed, a terminal, a question that is asked.
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.closest('input, textarea, select, [contenteditable], .xterm, [role=dialog]') !== null

/** A terminal takes every key, those with Ctrl too. */
export const isInTerminal = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('.xterm') !== null
