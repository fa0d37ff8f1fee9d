import { expect, test } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { sleep, systemClock } from './clock.ts'

test('timers of the fake clock fire in order of their time, and an undone one never fires', async () => {
  const clock = createFakeClock()
  const fired: string[] = []
  clock.after(30, () => fired.push('b'))
  clock.after(10, () => fired.push('a'))
  const undo = clock.after(20, () => fired.push('never'))
  undo()
  const stopTicks = clock.every(15, () => fired.push('tick'))
  await clock.advance(30)
  expect(fired).toEqual(['a', 'tick', 'b', 'tick'])
  stopTicks()
  await clock.advance(100)
  expect(fired).toHaveLength(4)
  expect(clock.timerCount()).toBe(0)
})

test('a wall clock that is set does not move monotonic time', () => {
  const clock = createFakeClock()
  const before = { wall: clock.now(), monotonic: clock.monotonicMs() }
  clock.jumpWall(-3_600_000)
  expect(clock.now()).toBe(before.wall - 3_600_000)
  expect(clock.monotonicMs()).toBe(before.monotonic)
})

test('the system clock fires what is due and leaves out what was undone', async () => {
  const fired: string[] = []
  const undo = systemClock.after(1, () => fired.push('undone'))
  undo()
  await new Promise<void>((resolve) => void systemClock.after(2, resolve))
  await new Promise<void>((resolve) => {
    const stop = systemClock.every(1, () => {
      if (fired.push('tick') === 2) {
        stop()
        resolve()
      }
    })
  })
  expect(fired).toEqual(['tick', 'tick'])
})

test('a sleep ends when its time is over, or when it is called off, and leaves no timer', async () => {
  const clock = createFakeClock()
  const woken: string[] = []
  const calledOff = new AbortController()
  void sleep(clock, 50).then(() => woken.push('in time'))
  void sleep(clock, 1000, calledOff.signal).then(() => woken.push('called off'))
  await clock.advance(50)
  calledOff.abort()
  await sleep(clock, 1000, calledOff.signal)
  expect([woken, clock.timerCount()]).toEqual([['in time', 'called off'], 0])
})

test('the system clock takes a delay beyond all measure for a long one', async () => {
  let fired = false
  const undo = systemClock.after(1e308, () => (fired = true))
  await sleep(systemClock, 5)
  undo()
  expect(fired).toBe(false)
})
