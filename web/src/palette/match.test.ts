import { describe, expect, test } from 'vitest'
import { piecesOf, rank, scoreOf } from './match.ts'

const titles = (typed: string, all: string[]) =>
  rank(
    typed,
    all.map((title) => ({ title })),
  ).map(({ title }) => title)

describe('what is typed', () => {
  test('finds the beginning of a title before that of a word before the middle', () => {
    expect(titles('api', ['rapid', 'forge-api-01', 'api-gateway', 'docs'])).toEqual([
      'api-gateway',
      'forge-api-01',
      'rapid',
    ])
  })
  test('must be found word by word, in any order and case', () => {
    expect(titles('01 FORGE', ['forge-api-01', 'forge-api-02'])).toEqual(['forge-api-01'])
  })
  test('is looked for in other words, too, and counts less there', () => {
    const found = rank('dark', [
      { title: 'Theme', others: 'dark light' },
      { title: 'Dark theme' },
      { title: 'Sign out' },
    ])
    expect(found.map(({ title }) => title)).toEqual(['Dark theme', 'Theme'])
  })
  test('finds everything, in its own order, while it is empty', () => {
    expect(titles('  ', ['b', 'a'])).toEqual(['b', 'a'])
    expect(scoreOf('x', 'abc')).toBe(0)
  })
})

describe('the letters that answer', () => {
  test('are marked where they stand', () => {
    expect(piecesOf('forge 01', 'forge-api-01')).toEqual([
      { text: 'forge', hit: true },
      { text: '-api-', hit: false },
      { text: '01', hit: true },
    ])
  })
  test('are not marked where case changes lengths', () => {
    expect(piecesOf('x', 'İx')).toEqual([{ text: 'İx', hit: false }])
  })
  test('may be none', () => {
    expect(piecesOf('', 'docs')).toEqual([{ text: 'docs', hit: false }])
  })
})
