import { expect, test } from 'vitest'
import { ShownFault } from '../graph/faults.ts'
import { createFakeClock } from '../platform/fakeClock.ts'
import { createActivity } from './activity.ts'

const setUp = () => {
  const clock = createFakeClock()
  const activity = createActivity(clock)
  return { clock, activity, echoed: () => activity.echoed.value.map(({ what }) => what) }
}
const fault = (message = 'The database does not answer.') => new ShownFault('UNAVAILABLE', message, true, 'req_1')

test('what was done echoes for six seconds, and is kept', () => {
  const { clock, activity, echoed } = setUp()
  activity.done('Tags saved')
  clock.advance(5_999)
  expect(echoed()).toEqual(['Tags saved'])
  clock.advance(1)
  expect([echoed(), activity.deeds.value.length]).toEqual([[], 1])
})

test('at most two echo; the oldest gives way', () => {
  const { activity, echoed } = setUp()
  for (const what of ['one', 'two', 'three']) activity.done(what)
  expect(echoed()).toEqual(['two', 'three'])
})

test('what can be taken back is offered for eight seconds, and once', () => {
  const { clock, activity, echoed } = setUp()
  let undone = 0
  activity.done('Removed', () => undone++)
  clock.advance(7_999)
  activity.takeBack(activity.echoed.value[0]!)
  expect([undone, echoed()]).toEqual([1, []])
})

test('a fault that its screen shows is kept without an echo, and counts until it was seen', () => {
  const { activity, echoed } = setUp()
  activity.keep('A request failed', fault())
  expect([echoed(), activity.unseen.value]).toEqual([[], 1])
  activity.seen()
  expect(activity.unseen.value).toBe(0)
})

test('a fault that was kept before its act told of it is one line, of the act', () => {
  const { activity } = setUp()
  for (let times = 0; times < 2; times++) {
    const met = fault()
    activity.keep('A request failed', met)
    activity.failed('Not saved', met)
  }
  expect(activity.deeds.value.map(({ what, times }) => [what, times])).toEqual([['Not saved', 2]])
  expect(activity.unseen.value).toBe(1)
})

test('the same fault again and again is one line that counts', () => {
  const { activity } = setUp()
  for (let times = 0; times < 3; times++) activity.failed('Not saved', fault())
  activity.failed('Not saved', fault('Another reason.'))
  expect(activity.deeds.value.map(({ times }) => times)).toEqual([1, 3])
})

test('a hundred are kept, the newest first', () => {
  const { activity } = setUp()
  for (let at = 0; at < 120; at++) activity.keep(`deed ${at}`, fault())
  expect([activity.deeds.value.length, activity.deeds.value[0]?.what]).toEqual([100, 'deed 119'])
})
