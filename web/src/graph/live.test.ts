import { expect, test } from 'vitest'
import { createFakeClock } from '../platform/fakeClock.ts'
import { ShownFault } from './faults.ts'
import { type LiveView, startLive } from './live.ts'

const slow = new ShownFault('SLOW_CONSUMER', 'Too slow.', true)
const forbidden = new ShownFault('FORBIDDEN', 'Not yours.', false)

/** A live list of words whose reads and messages the test hands out. */
const setUp = () => {
  const clock = createFakeClock()
  const reads: { resolve: (words: string[]) => void; reject: (fault: ShownFault) => void }[] = []
  const senders: { next: (word: string) => void; fault: (fault: ShownFault) => void }[] = []
  const order: string[] = []
  let view: LiveView<string[]> = { state: undefined, fault: undefined, reading: false }
  let shown = 0
  const live = startLive<string[], string>(
    {
      subscribe: (receive) => {
        order.push('subscribe')
        senders.push(receive)
        return () => order.push('unsubscribe')
      },
      read: () => {
        order.push('read')
        return new Promise((resolve, reject) => reads.push({ resolve, reject }))
      },
      fold: (words, word) => (words.includes(word) ? words : [...words, word]),
    },
    clock,
    (next) => {
      view = next
      shown++
    },
  )
  const answer = async (index: number, words: string[]) => {
    reads[index]?.resolve(words)
    await Promise.resolve()
    await Promise.resolve()
  }
  const fail = async (index: number, fault: ShownFault) => {
    reads[index]?.reject(fault)
    await Promise.resolve()
    await Promise.resolve()
  }
  return {
    clock,
    live,
    order,
    answer,
    fail,
    send: (word: string) => senders.at(-1)?.next(word),
    cut: (fault: ShownFault) => senders.at(-1)?.fault(fault),
    view: () => view,
    shown: () => shown,
  }
}

test('it subscribes before it reads, so what arrives during the read is not lost', async () => {
  const { order, send, answer, view } = setUp()
  expect(order).toEqual(['subscribe', 'read'])
  send('b')
  await answer(0, ['a'])
  expect(view()).toEqual({ state: ['a', 'b'], fault: undefined, reading: false })
})

test('a message that the read already contains changes nothing', async () => {
  const { send, answer, view } = setUp()
  send('a')
  await answer(0, ['a'])
  expect(view().state).toEqual(['a'])
})

test('what no message told is read after half a minute', async () => {
  const { answer, clock, order, view } = setUp()
  await answer(0, ['a'])
  clock.advance(30_000)
  expect(order.at(-1)).toBe('read')
  await answer(1, ['a', 'b'])
  expect(view().state).toEqual(['a', 'b'])
})

test('a read that failed is repeated soon, then later and later, and what failed for good after half a minute', async () => {
  const { fail, answer, clock, order, view } = setUp()
  await fail(0, slow)
  expect(view()).toMatchObject({ fault: slow, reading: false })
  clock.advance(3000)
  expect(order.filter((one) => one === 'read')).toHaveLength(2)
  await fail(1, slow)
  clock.advance(1999)
  expect(order.filter((one) => one === 'read')).toHaveLength(2)
  clock.advance(4001)
  await answer(2, ['a'])
  expect(view()).toEqual({ state: ['a'], fault: undefined, reading: false })
  clock.advance(30_000)
  await fail(3, forbidden)
  clock.advance(29_999)
  expect(order.filter((one) => one === 'read')).toHaveLength(4)
  clock.advance(1)
  expect(order.filter((one) => one === 'read')).toHaveLength(5)
})

test('a burst of messages is shown once, at most four times a second', async () => {
  const { send, answer, view, shown, clock } = setUp()
  await answer(0, [])
  const before = shown()
  for (const word of ['a', 'b', 'c']) send(word)
  expect(shown()).toBe(before)
  clock.advance(250)
  expect(view().state).toEqual(['a', 'b', 'c'])
  expect(shown()).toBe(before + 1)
})

test('what is read again keeps the old content until it is there, and messages of that time', async () => {
  const { live, send, answer, view, clock } = setUp()
  await answer(0, ['a'])
  const reread = live.reread()
  expect(view()).toMatchObject({ state: ['a'], reading: true })
  send('c')
  clock.advance(1000)
  expect(view()).toMatchObject({ state: ['a', 'c'], reading: true })
  await answer(1, ['a', 'b'])
  await reread
  expect(view().state).toEqual(['a', 'b', 'c'])
})

test('a slow read does not stop what moves', async () => {
  const { live, send, answer, view, clock } = setUp()
  await answer(0, [])
  void live.reread()
  for (const word of ['a', 'b', 'c']) {
    send(word)
    clock.advance(250)
  }
  expect(view()).toMatchObject({ state: ['a', 'b', 'c'], reading: true })
})

test('an answer that was overtaken by a later read is dropped', async () => {
  const { live, answer, view } = setUp()
  void live.reread()
  await answer(1, ['new'])
  await answer(0, ['old'])
  expect(view().state).toEqual(['new'])
})

test('a failed read keeps what is shown and says what happened', async () => {
  const { live, answer, fail, view } = setUp()
  await answer(0, ['a'])
  void live.reread()
  await fail(1, slow)
  expect(view()).toMatchObject({ state: ['a'], fault: { code: 'SLOW_CONSUMER' }, reading: false })
})

test('a subscription that was closed for slowness opens again and reads what was missed', async () => {
  const { order, answer, cut, clock, view } = setUp()
  await answer(0, ['a'])
  cut(slow)
  clock.advance(1000)
  expect(order).toEqual(['subscribe', 'read', 'unsubscribe', 'subscribe', 'read'])
  await answer(1, ['a', 'missed'])
  expect(view().state).toEqual(['a', 'missed'])
})

test('a subscription that is closed again and again is asked for less and less often', async () => {
  const { order, answer, cut, clock } = setUp()
  await answer(0, ['a'])
  for (let closing = 0; closing < 3; closing++) {
    cut(slow)
    clock.advance(1000 * 2 ** closing - 1)
    expect(order.filter((step) => step === 'subscribe')).toHaveLength(closing + 1)
    clock.advance(1)
    expect(order.filter((step) => step === 'subscribe')).toHaveLength(closing + 2)
  }
})

test('a subscription that is refused for good opens again only when somebody asks', async () => {
  const { live, order, answer, cut } = setUp()
  await answer(0, ['a'])
  cut(forbidden)
  void live.reread()
  expect(order.slice(-3)).toEqual(['unsubscribe', 'subscribe', 'read'])
})

test('a subscription that is refused for good says so and does not try again', async () => {
  const { order, answer, cut, clock, view } = setUp()
  await answer(0, ['a'])
  cut(forbidden)
  clock.advance(20_000)
  expect(view()).toMatchObject({ state: ['a'], fault: { code: 'FORBIDDEN' } })
  expect(order.filter((step) => step === 'read')).toHaveLength(1)
})

test('after the stop nothing is shown any more', async () => {
  const { live, order, send, answer, shown, clock } = setUp()
  live.stop()
  const before = shown()
  send('b')
  await answer(0, ['a'])
  clock.advance(10_000)
  expect(shown()).toBe(before)
  expect(order.at(-1)).toBe('unsubscribe')
})
