import { expect, test } from 'vitest'
import { cellAt, layCells, moveBy, placeOf, sizeOf } from './cells.ts'

const cells = layCells(10, 105, { side: 24, gap: 3 })

test('squares fill the room line by line, and a point finds the square it lies in', () => {
  expect(cells).toMatchObject({ columns: 4, width: 105, height: 78 })
  for (let at = 0; at < 10; at++) {
    const { x, y } = placeOf(cells, at)
    expect(cellAt(cells, x, y)).toBe(at)
    expect(cellAt(cells, x + 23, y + 23)).toBe(at)
  }
  expect(cellAt(cells, 60, 60)).toBeUndefined()
  expect(cellAt(cells, -1, 5)).toBeUndefined()
  expect(cellAt(cells, 110, 5)).toBeUndefined()
})

test('a room too narrow for one square still has a column', () => {
  expect(layCells(3, 0, { side: 24, gap: 3 })).toMatchObject({ columns: 1, height: 78 })
  expect(layCells(0, 100, { side: 24, gap: 3 }).height).toBe(0)
})

test('arrows move among the squares and stay at the edges', () => {
  expect(moveBy(cells, 5, 'ArrowRight')).toBe(6)
  expect(moveBy(cells, 5, 'ArrowUp')).toBe(1)
  expect(moveBy(cells, 5, 'ArrowDown')).toBe(9)
  expect(moveBy(cells, 9, 'ArrowDown')).toBe(9)
  expect(moveBy(cells, 0, 'ArrowLeft')).toBe(0)
  expect(moveBy(cells, 5, 'Home')).toBe(0)
  expect(moveBy(cells, 5, 'End')).toBe(9)
  expect(moveBy(cells, 5, 'Enter')).toBeUndefined()
})

test('ten thousand squares fit into two screens, five hundred are large enough for a glyph', () => {
  expect(sizeOf(500, false).side).toBe(24)
  expect(sizeOf(500, true).side).toBe(19)
  expect(layCells(10_000, 640, sizeOf(10_000, false)).height).toBeLessThan(800)
})
