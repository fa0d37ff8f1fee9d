import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createQueue } from './queue.ts'
import type { Policy } from './queue.ts'

const done = { done: true, value: undefined }

describe('a queue', () => {
  it('hands a value to a reader that waits, or keeps it for the one that comes', async () => {
    const queue = createQueue<number>({ policy: { kind: 'close', max: 3 } })
    const waiting = [queue.next(), queue.next()]
    queue.push(1)
    queue.push(2)
    queue.push(3)
    expect(await Promise.all(waiting)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ])
    expect(await queue.next()).toEqual({ done: false, value: 3 })
  })

  it('counts values by their size where it is told how, and takes one that is larger than all alone', async () => {
    const queue = createQueue<string>({ policy: { kind: 'close', max: 5 }, sizeOf: ({ length }) => length })
    expect([queue.push('larger than it'), queue.length]).toEqual([true, 1])
    await queue.next()
    expect([queue.push('ab'), queue.push('cde')]).toEqual([true, true])
    expect(await queue.next()).toEqual({ done: false, value: 'ab' })
    expect([queue.push('fg'), queue.push('h')]).toEqual([true, false])
    expect([await queue.next(), await queue.next()].map(({ value }) => value)).toEqual(['cde', 'fg'])
    await expect(queue.next()).rejects.toThrow('more than 5')
  })

  it('that is ended hands out what it holds first, its error once, and takes nothing more', async () => {
    const ends: string[] = []
    const queue = createQueue<number>({ policy: { kind: 'close', max: 3 }, onEnd: () => ends.push('end') })
    queue.push(1)
    queue.end(new Error('over'))
    queue.end()
    expect(queue.push(2)).toBe(false)
    expect(await queue.next()).toEqual({ done: false, value: 1 })
    await expect(queue.next()).rejects.toThrow('over')
    expect(await queue.next()).toEqual(done)
    expect(ends).toEqual(['end'])
  })

  it('that is returned hands out nothing more and wakes who waits', async () => {
    const queue = createQueue<number>({ policy: { kind: 'close', max: 3 } })
    const waiting = queue.next()
    await queue.return()
    expect(await waiting).toEqual(done)
    const full = createQueue<number>({ policy: { kind: 'close', max: 1 } })
    full.push(1)
    full.push(2)
    await full.return()
    expect(await full.next()).toEqual(done)
  })

  it('lets a signal pass everything that is queued, once however often it was given', async () => {
    const queue = createQueue<number | string>({ policy: { kind: 'keepLatest' } })
    queue.push(1)
    queue.interrupt('look')
    queue.interrupt('look')
    queue.push(2)
    expect(await queue.next()).toEqual({ done: false, value: 'look' })
    expect(await queue.next()).toEqual({ done: false, value: 2 })
    const waiting = queue.next()
    queue.interrupt('again')
    expect(await waiting).toEqual({ done: false, value: 'again' })
  })
})

it('whatever the policy and the pace, a queue holds no more than it may, keeps the order, and accounts for every value', async () => {
  const policies: Policy[] = [{ kind: 'close', max: 4 }, { kind: 'dropOldest', max: 4 }, { kind: 'keepLatest' }]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...policies),
      fc.array(fc.constantFrom('push', 'push', 'read')),
      async (policy, steps) => {
        const queue = createQueue<number>({ policy, onFull: () => new Error('full') })
        const reads: Promise<IteratorResult<number, undefined>>[] = []
        let pushed = 0
        let refused = 0
        for (const step of steps) {
          if (step === 'read') reads.push(queue.next())
          else if (queue.push(pushed + 1)) pushed += 1
          else refused += 1
          expect(queue.length).toBeLessThanOrEqual(policy.kind === 'keepLatest' ? 1 : policy.max)
        }
        queue.end()
        const results = await Promise.allSettled(reads)
        for (let left = queue.length; left > 0; left -= 1)
          results.push({ status: 'fulfilled', value: await queue.next() })
        const got = results.flatMap((result) =>
          result.status === 'fulfilled' && !result.value.done ? [result.value.value] : [],
        )
        expect(got).toEqual(got.toSorted((a, b) => a - b))
        expect(got.length + queue.dropped).toBe(pushed)
        if (policy.kind !== 'close') expect(refused).toBe(0)
        if (policy.kind === 'close') expect(queue.dropped).toBe(0)
      },
    ),
  )
})
