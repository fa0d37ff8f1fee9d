import { describe, expect, it } from 'vitest'
import { toSlots } from './slots.ts'

describe('places of rows', () => {
  const first = toSlots(undefined, ['a', 'b', 'c'])

  it('are one each at first', () => {
    expect([...first]).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ])
  })
  it('stay with who stays, in whatever order', () => {
    expect([...toSlots(first, ['c', 'a', 'b'])]).toEqual([
      ['c', 2],
      ['a', 0],
      ['b', 1],
    ])
  })
  it('pass from who went to who is new, the first to the first', () => {
    expect([...toSlots(first, ['x', 'b', 'y'])]).toEqual([
      ['x', 0],
      ['b', 1],
      ['y', 2],
    ])
  })
  it('grow with the list, and are never held twice', () => {
    const more = toSlots(toSlots(first, ['b']), ['z', 'b', 'y', 'x'])
    expect(new Set(more.values()).size).toBe(4)
    expect(more.get('b')).toBe(1)
  })
})
