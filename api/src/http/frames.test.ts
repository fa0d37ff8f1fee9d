import type { ExecutionResult } from 'graphql'
import { GraphQLError } from 'graphql'
import { expect, it } from 'vitest'
import { createQueue } from '../platform/queue.ts'
import { type Results, toFrames } from './frames.ts'

const open = (send: (text: string) => void | Promise<void>) => {
  const queue = createQueue<ExecutionResult>({ policy: { kind: 'close', max: 10 }, onFull: () => new Error('full') })
  return { queue, frames: toFrames('7"', queue as unknown as Results, send) }
}

it('results go out as frames of their subscription, one after the other', async () => {
  const sent: unknown[] = []
  const { queue, frames } = open((text) => void sent.push(JSON.parse(text)))
  queue.push({ data: { a: 1 } })
  queue.push({ data: { a: 2 }, extensions: { b: 3 } })
  queue.end()
  expect(await frames.next()).toEqual({ done: true, value: undefined })
  expect(sent).toEqual([
    { id: '7"', type: 'next', payload: { data: { a: 1 } } },
    { id: '7"', type: 'next', payload: { data: { a: 2 }, extensions: { b: 3 } } },
  ])
})

it('a result with errors is handed on unsent', async () => {
  const sent: string[] = []
  const { queue, frames } = open((text) => void sent.push(text))
  const failed = { data: null, errors: [new GraphQLError('secret')] }
  queue.push(failed)
  expect(await frames.next()).toEqual({ done: false, value: failed })
  expect(sent).toEqual([])
})

it('a result becomes text once for all sockets', async () => {
  let read = 0
  const result: ExecutionResult = {
    data: {
      get a() {
        return (read += 1)
      },
    },
  }
  const sent: string[] = []
  for (const { queue, frames } of [1, 2].map(() => open((text) => void sent.push(text)))) {
    queue.push(result)
    queue.end()
    await frames.next()
  }
  expect(sent).toHaveLength(2)
  expect(sent[0]).toBe(sent[1])
  expect(read).toBe(1)
})

it('a slow socket holds up what comes next', async () => {
  const taken = Promise.withResolvers<void>()
  const sent: string[] = []
  const { queue, frames } = open((text) => {
    sent.push(text)
    return taken.promise
  })
  queue.push({ data: { a: 1 } })
  queue.push({ data: { a: 2 } })
  queue.end()
  const over = frames.next()
  await expect.poll(() => sent.length).toBe(1)
  expect(sent).toHaveLength(1)
  taken.resolve()
  await over
  expect(sent).toHaveLength(2)
})

it('an end does not wait for another result', async () => {
  const { frames } = open(() => {})
  const waiting = frames.next()
  await frames.return()
  expect(await waiting).toEqual({ done: true, value: undefined })
})
