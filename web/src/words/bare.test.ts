// No template shows a word that is not in `en/`: what a person reads can be translated.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { bareWords } from './bare.ts'

const root = path.join(import.meta.dirname, '..')
/** Rooms whose words are not moved yet. It only ever gets shorter. */
const NOT_YET = ['pages', 'ui']

const screens = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.vue'))
  .toSorted()

test('every template takes its words from en', () => {
  expect(screens.length).toBeGreaterThan(20)
  const found = screens
    .filter((file) => !NOT_YET.includes(file.split(path.sep)[0] ?? ''))
    .flatMap((file) => bareWords(readFileSync(path.join(root, file), 'utf8')).map((word) => `${file}: ${word}`))
  expect(found).toEqual([])
})

describe('a bare word is', () => {
  test.each([
    ['text', '<p>Open a terminal</p>', 'Open a terminal'],
    ['text beside a figure', '<p>{{ n }} terminals</p>', 'terminals'],
    ['a label', '<v-btn aria-label="Close" />', 'Close'],
    ['a property that is shown', '<FaultNote what="The list could not be loaded" />', 'The list could not be loaded'],
    ['a literal in an expression', `<p>{{ on ? 'Yes, it is' : '' }}</p>`, 'Yes, it is'],
    ['a literal in a bound label', '<v-btn :aria-label="`Account of ${name}`" />', 'Account of ${name}'],
  ])('%s', (_, template, word) => expect(bareWords(`<template>${template}</template>`)).toEqual([word]))

  test.each([
    ['a figure or a sign', '<p>{{ cols }} × 12 – {{ rows }}</p>'],
    ['an attribute that nobody reads', '<v-btn variant="text" class="grow wide" data-testid="a b" />'],
    ['the name of a key', '<kbd>Esc</kbd>'],
    ['a command', '<code>npm start</code>'],
    ['a phrase by its key', `<p>{{ t('shell.skip') }}</p>`],
    ['a class by a condition', `<p :class="on ? 'Lit up' : 'dark'" />`],
  ])('but not %s', (_, template) => expect(bareWords(`<template>${template}</template>`)).toEqual([]))
})
