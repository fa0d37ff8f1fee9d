// No screen shows a word that is not in `en/`: what a person reads can be translated.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { bareScriptWords, bareWords } from './bare.ts'

const root = path.join(import.meta.dirname, '..')

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(vue|ts)$/.test(file) && !/\.(test|scripted)\.ts$|(^|\/)gql\/|^words\//.test(file))
  .toSorted()

test('every screen takes its words from en', () => {
  expect(sources.length).toBeGreaterThan(200)
  const found = sources.flatMap((file) => {
    const source = readFileSync(path.join(root, file), 'utf8')
    return (file.endsWith('.vue') ? bareWords : bareScriptWords)(source).map((word) => `${file}: ${word}`)
  })
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

describe('in a script a bare word is', () => {
  test.each([
    ['a sentence', `const title = 'The list is empty'`, 'The list is empty'],
    ['a name', `const LOOK = { RUNNING: { word: 'Running' } }`, 'Running'],
    ['a phrase around a figure', 'activity.done(`Removed ${n} instances`)', 'Removed '],
  ])('%s', (_, script, word) => {
    expect(bareScriptWords(script)).toEqual([word])
    expect(bareWords(`<script setup lang="ts">${script}</script>`)).toEqual([word])
  })

  test.each([
    ['a class or a state', `const cell = on ? 'c-rate end' : 'running'`],
    ['a type of the graph', `const wanted = { __typename: 'TerminalClosed' }`],
    ['a key that is compared', `if (event.key === 'Escape') close()`],
    ['a product', `const known = { docker: 'Docker' }`],
    ['what its author is told', `throw new Error('Expected an app, got none')`],
    ['a phrase by its key', `const title = t('shell.skip')`],
  ])('but not %s', (_, script) => expect(bareScriptWords(script)).toEqual([]))
})
