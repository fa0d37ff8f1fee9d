import { expect, test } from 'vitest'
import { createRecall, givenBy } from './recall.ts'

test('the last ones of a user are those of the shell, each once', () => {
  const by = (actorId: string, command: string, args: string[] | null = null) => ({ actorId, command, args })
  const commands = [by('u', 'b'), by('v', 'x'), by('u', 'a'), by('u', 'ls', ['-l']), by('u', 'b')]
  expect(givenBy(commands, 'u')).toEqual(['b', 'a'])
  expect(givenBy(commands, undefined)).toEqual([])
})

test('the keys go back to the oldest, and forth to what was begun', () => {
  const recall = createRecall()
  const given = ['new', 'old']
  expect(recall.step(true, 'draft', given)).toBe('new')
  expect(recall.step(true, 'new', given)).toBe('old')
  expect(recall.step(true, 'old', given)).toBeUndefined()
  expect(recall.step(false, 'old', given)).toBe('new')
  expect(recall.step(false, 'new', given)).toBe('draft')
  expect(recall.step(false, 'draft', given)).toBeUndefined()
})

test('what was changed is a line of its own, gone back from anew', () => {
  const recall = createRecall()
  const given = ['new', 'old']
  recall.step(true, '', given)
  expect(recall.step(true, 'new and more', given)).toBe('new')
  expect(recall.step(false, 'new', given)).toBe('new and more')
})
