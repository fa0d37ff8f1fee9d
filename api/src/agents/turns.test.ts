import { describe, expect, it } from 'vitest'
import { type Comer, judgeTurns, type Turn } from './turns.ts'

const comer = (run: string): Comer => ({ run, hostname: `host-${run}`, address: '192.0.2.1' })

/** Plays links as [run, second it comes, whether the one before is still open]. */
const play = (links: [string, number, boolean?][]) => {
  let turns: Turn[] = []
  let holder: string | null = null
  return links.map(([run, second, open = true]) => {
    const verdict = judgeTurns(turns, comer(run), open ? holder : null, second * 1000)
    turns = verdict.turns
    if (verdict.comer === 'links') holder = run
    return verdict
  })
}

describe('two runs that take the link from one another', () => {
  it('are clones at the third time within a minute: the one that held it longest stays', () => {
    const verdicts = play([
      ['a', 0],
      ['b', 3600],
      ['a', 3605],
      ['b', 3610],
    ])
    expect(verdicts.map(({ comer }) => comer)).toEqual(['links', 'links', 'links', 'waits'])
    expect(verdicts.at(-1)?.clones).toMatchObject({
      stays: { run: 'a', hostname: 'host-a' },
      waits: { run: 'b', hostname: 'host-b' },
    })
  })

  it('are clones also when it is the newcomer that held it longer', () => {
    const verdicts = play([
      ['a', 0],
      ['b', 1],
      ['a', 31],
      ['b', 32],
    ])
    expect(verdicts.at(-1)).toMatchObject({ comer: 'links', clones: { stays: { run: 'b' }, waits: { run: 'a' } } })
  })

  it('are left alone when it happens over a longer time', () => {
    const verdicts = play([
      ['a', 0],
      ['b', 10],
      ['a', 50],
      ['b', 90],
      ['a', 130],
    ])
    expect(verdicts.every(({ clones }) => clones === null)).toBe(true)
  })
})

it('three clones are found out, too', () => {
  expect(
    play([
      ['a', 0],
      ['b', 100],
      ['c', 105],
      ['a', 110],
    ]).at(-1)?.clones,
  ).toMatchObject({ stays: { run: 'a' }, waits: { run: 'c' } })
})

it('an agent that restarts again and again, its old sockets still open, is none', () => {
  const verdicts = play(Array.from({ length: 30 }, (_, i) => [`run${i}`, i] as [string, number]))
  expect(verdicts.every(({ comer, clones }) => comer === 'links' && clones === null)).toBe(true)
})

it('one run whose network flaps is none, nor are two that come when nobody holds the link', () => {
  expect(
    play([
      ['a', 0],
      ['a', 1],
      ['a', 2],
      ['a', 3],
      ['a', 4],
    ]).every(({ clones }) => clones === null),
  ).toBe(true)
  expect(
    play([
      ['a', 0],
      ['b', 1, false],
      ['a', 2, false],
      ['b', 3, false],
      ['a', 4, false],
    ]).every(({ clones }) => clones === null),
  ).toBe(true)
})

it('the history stays short, and knows since when the holder held it', () => {
  const verdicts = play([
    ['a', 0],
    ...Array.from({ length: 100 }, (_, i) => [`r${i}`, 10_000 + i * 0.1] as [string, number]),
  ])
  for (const { turns } of verdicts) expect(turns.length).toBeLessThanOrEqual(8)
  expect(
    play([
      ['a', 0],
      ['b', 10_000],
    ]).at(-1)?.turns[0],
  ).toMatchObject({ run: 'a', atMs: 0 })
  expect(
    play([
      ['a', 0],
      ['a', 10_000],
    ]).at(-1)?.turns,
  ).toMatchObject([{ run: 'a', atMs: 0 }])
})
