import path from 'node:path'
import { expect, test } from 'vitest'
import { findLicences } from './licences.ts'

const found = findLicences(path.join(import.meta.dirname, '..'))

test('what runs is listed with its licence, through all that it needs itself', () => {
  const names = found.packages.map(({ name }) => name)
  expect(found.own).toBe('MIT')
  // Of the page, the console and the agent; the last is needed only by others.
  expect(names).toEqual(expect.arrayContaining(['vue', 'ioredis', '@lydell/node-pty', '@vue/reactivity']))
  expect(names).not.toContain('vitest')
  expect(new Set(found.packages.map(({ name, version }) => `${name}@${version}`)).size).toBe(found.packages.length)
})

test('every licence is stated, and most come with their text', () => {
  expect(found.packages.filter(({ licence }) => licence === 'not stated')).toEqual([])
  expect(found.packages.filter(({ text }) => text !== null).length / found.packages.length).toBeGreaterThan(0.8)
  for (const { text } of found.packages)
    if (text !== null) expect(found.texts[text]).toMatch(/copyright|licen[cs]e|permission/i)
})
