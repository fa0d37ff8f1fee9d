import { describe, expect, it } from 'vitest'
import { createQueue } from './queue.ts'
import { sift } from './sift.ts'

const open = <U>(pick: (value: number) => U | undefined | Promise<U | undefined>) => {
  const queue = createQueue<number>({ policy: { kind: 'close', max: 100 } })
  let ends = 0
  return { queue, sifted: sift(queue, pick, () => (ends += 1)), ends: () => ends }
}
const all = async <U>(sifted: AsyncIterable<U>): Promise<U[]> => {
  const seen: U[] = []
  for await (const value of sifted) seen.push(value)
  return seen
}

describe('sifting', () => {
  it('hands out what becomes of each value, in order, and leaves the others out', async () => {
    const { queue, sifted, ends } = open((value) => (value % 2 ? undefined : `${value}`))
    for (const value of [1, 2, 3, 4]) queue.push(value)
    queue.end()
    expect(await all(sifted)).toEqual(['2', '4'])
    expect(ends()).toBe(1)
  })

  it('waits for what is promised, be it a value or that there is none', async () => {
    const { queue, sifted } = open((value) => Promise.resolve(value === 1 ? undefined : value * 10))
    queue.push(1)
    queue.push(2)
    queue.end()
    expect(await all(sifted)).toEqual([20])
  })

  it('may be done again and again, each stage seeing what the one before left', async () => {
    const { queue, sifted, ends } = open((value) => (value === 2 ? undefined : value))
    const told: string[] = []
    const again = sift(
      sift(
        sifted,
        (value) => Promise.resolve(value === 3 ? undefined : value * 10),
        () => told.push('second'),
      ),
      (value) => `${value}`,
      () => told.push('third'),
    )
    for (const value of [1, 2, 3, 4]) queue.push(value)
    expect([(await again.next()).value, (await again.next()).value]).toEqual(['10', '40'])
    const waiting = again.next()
    await again.return(undefined)
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect([queue.push(5), ends(), told.toSorted()]).toEqual([false, 1, ['second', 'third']])
  })

  it('ends at once when its reader leaves, with its source and while a value is awaited', async () => {
    const { queue, sifted, ends } = open((value) => value)
    const waiting = sifted.next()
    await sifted.return(undefined)
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(queue.push(1)).toBe(false)
    expect(ends()).toBe(1)
  })

  it('passes on how its source failed, and ends', async () => {
    const { queue, sifted, ends } = open((value) => value)
    queue.push(1)
    queue.end(new Error('the source is gone'))
    expect((await sifted.next()).value).toBe(1)
    await expect(sifted.next()).rejects.toThrow('the source is gone')
    expect(await sifted.next()).toEqual({ done: true, value: undefined })
    expect(ends()).toBe(1)
  })

  it('leaves its source when a value cannot be changed', async () => {
    const { queue, sifted, ends } = open(() => {
      throw new Error('not to be read')
    })
    queue.push(1)
    await expect(sifted.next()).rejects.toThrow('not to be read')
    expect(queue.push(2)).toBe(false)
    expect(ends()).toBe(1)
  })
})
