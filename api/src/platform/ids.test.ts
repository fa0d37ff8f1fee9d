import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { createIds, isId, isUlid, ulidToUuid, uuidToUlid } from './ids.ts'

it('ids of one process sort in the order they were made, within a millisecond and over a step back of the clock too', async () => {
  const clock = createFakeClock()
  const ids = createIds(clock)
  const made: string[] = []
  for (const stepMs of [0, 0, 0, 1, 5, -3_600_000, 0, 3_600_001, 1]) {
    if (stepMs < 0) clock.jumpWall(stepMs)
    else await clock.advance(stepMs)
    for (let i = 0; i < 50; i += 1) made.push(ids.make('instance'))
  }
  expect(made.toSorted()).toEqual(made)
  expect(new Set(made).size).toBe(made.length)
  expect(made.every((id) => isId('instance', id))).toBe(true)
})

it('an id says what it names, and is not taken for one of another kind', () => {
  const id = createIds(createFakeClock()).make('user')
  expect(id).toMatch(/^usr_[0-9A-HJKMNP-TV-Z]{26}$/)
  expect(isId('user', id)).toBe(true)
  expect(isId('key', id)).toBe(false)
  expect(isId('user', `${id}0`)).toBe(false)
  expect(isId('user', id.toLowerCase())).toBe(false)
})

it('an id begins with the time it was made', () => {
  const early = createIds(createFakeClock(Date.UTC(2026, 0, 1))).make('event')
  const late = createIds(createFakeClock(Date.UTC(2026, 0, 2))).make('event')
  expect(early < late).toBe(true)
})

it('a run is the same 128 bits as ULID and as UUID', () => {
  fc.assert(
    fc.property(fc.uuid(), (uuid) => {
      const ulid = uuidToUlid(uuid)
      expect(isUlid(ulid)).toBe(true)
      expect(ulidToUuid(ulid)).toBe(uuid)
    }),
  )
  expect(() => ulidToUuid('8ZZZZZZZZZZZZZZZZZZZZZZZZZ')).toThrow('Expected a ULID of 26 characters, got "8ZZZ')
})
