import { describe, expect, it } from 'vitest'
import { createTogether } from './together.ts'

interface Thing {
  id: string
  at: number
}

/** A question is answered when the test says so, with the things whose ids do not begin with "no". */
const setUp = () => {
  const questions: { ids: string[]; answer: () => void; fail: (error: Error) => void }[] = []
  const ask = createTogether<Thing>((ids) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Thing[]>()
    const at = questions.length
    const found = ids.filter((id) => !id.startsWith('no')).map((id) => ({ id, at }))
    questions.push({ ids, answer: () => resolve(found), fail: reject })
    return promise
  })
  return { ask, questions }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('questions that are asked together', () => {
  it('share one within a turn, and each has its own answer', async () => {
    const { ask, questions } = setUp()
    const answers = Promise.all([ask('a'), ask('none'), ask('a'), ask('b')])
    await turn()
    expect(questions.map(({ ids }) => ids)).toEqual([['a', 'none', 'b']])
    questions[0]?.answer()
    expect(await answers).toEqual([{ id: 'a', at: 0 }, undefined, { id: 'a', at: 0 }, { id: 'b', at: 0 }])
  })

  it('wait for the one that is under way, and are answered by one that began after they were asked', async () => {
    const { ask, questions } = setUp()
    const first = ask('a')
    await turn()
    const later = Promise.all([ask('a'), ask('b')])
    await turn()
    expect(questions).toHaveLength(1)
    questions[0]?.answer()
    expect(await first).toEqual({ id: 'a', at: 0 })
    await turn()
    expect(questions.map(({ ids }) => ids)).toEqual([['a'], ['a', 'b']])
    questions[1]?.answer()
    expect(await later).toEqual([
      { id: 'a', at: 1 },
      { id: 'b', at: 1 },
    ])
  })

  it('fail together, and the next ones are asked all the same', async () => {
    const { ask, questions } = setUp()
    const failed = Promise.allSettled([ask('a'), ask('b')])
    await turn()
    const next = ask('a')
    questions[0]?.fail(new Error('away'))
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await turn()
    questions[1]?.answer()
    expect(await next).toEqual({ id: 'a', at: 1 })
  })
})
