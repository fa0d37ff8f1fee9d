import { expect, test } from 'vitest'
import type { EventLineFragment } from '../graph/gql/graphql.ts'
import { foldEvent } from './eventLines.ts'

const event = (id: string, minute: number): EventLineFragment => ({
  id,
  type: 'CONNECT',
  message: id,
  at: `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`,
})
const list = (...events: EventLineFragment[]) => ({ events, more: false })
const ids = (lines: { events: EventLineFragment[] }) => lines.events.map(({ id }) => id)

test('a new event comes first, a late one where it belongs, and none twice', () => {
  const lines = [event('new', 9), event('late', 4), event('new', 9)].reduce(
    (all, one) => foldEvent(all, one, 10),
    list(event('b', 5), event('a', 1)),
  )
  expect(ids(lines)).toEqual(['new', 'b', 'late', 'a'])
})

test('the list stays bounded and says that there are more', () => {
  const lines = foldEvent(list(event('b', 5), event('a', 1)), event('c', 9), 2)
  expect(ids(lines)).toEqual(['c', 'b'])
  expect(lines.more).toBe(true)
})
