import { expect, test } from 'vitest'
import { heldBack } from './heldBack.ts'

const list = (ids: string) => ids.split('').map((id) => ({ id }))
const held = (shown: string, fresh: string) => {
  const { kept, waiting } = heldBack(list(shown), list(fresh))
  return [kept.map(({ id }) => id).join(''), waiting]
}

test('what is new at the head or between waits', () => {
  expect(held('abc', 'xaybc')).toEqual(['abc', 2])
})

test('what is loaded below comes at once', () => {
  expect(held('abc', 'xabcde')).toEqual(['abcde', 1])
})

test('a list of which nothing is left is not held', () => {
  expect(held('abc', 'xyz')).toEqual(['xyz', 0])
})
