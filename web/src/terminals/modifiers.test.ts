import { expect, test } from 'vitest'
import { applyModifiers, arrowKey, noModifiers, tapModifier } from './modifiers.ts'

test('a tap holds for one key, a second tap until it is let go', () => {
  const once = tapModifier(noModifiers, 'ctrl')
  const first = applyModifiers(once, 'c')
  expect(first).toEqual({ data: '\x03', modifiers: noModifiers })
  const locked = tapModifier(once, 'ctrl')
  expect(applyModifiers(locked, 'a')).toEqual({ data: '\x01', modifiers: locked })
  expect(tapModifier(locked, 'ctrl')).toEqual(noModifiers)
})

test.each([
  ['D', '\x04'],
  ['[', '\x1b'],
  [' ', '\0'],
  ['/', '\x1f'],
  ['?', '\x7f'],
  ['é', 'é'],
  ['1', '1'],
])('Ctrl with %s is %j', (key, expected) => {
  expect(applyModifiers({ ctrl: 'once', alt: 'off' }, key).data).toBe(expected)
})

test('Alt puts an escape before the key, with Ctrl too', () => {
  expect(applyModifiers({ ctrl: 'off', alt: 'once' }, 'b').data).toBe('\x1bb')
  expect(applyModifiers({ ctrl: 'once', alt: 'once' }, 'b').data).toBe('\x1b\x02')
})

test('a paste, a word from the keyboard and a report are no keys, and use nothing up', () => {
  const held = tapModifier(noModifiers, 'ctrl')
  for (const data of ['ls -l', '\x1b[A', '']) expect(applyModifiers(held, data)).toEqual({ data, modifiers: held })
})

test('arrows follow the mode of the program, and carry what is held', () => {
  expect(arrowKey(noModifiers, 'up', false).data).toBe('\x1b[A')
  expect(arrowKey(noModifiers, 'left', true).data).toBe('\x1bOD')
  expect(arrowKey({ ctrl: 'once', alt: 'off' }, 'right', true)).toEqual({ data: '\x1b[1;5C', modifiers: noModifiers })
})
