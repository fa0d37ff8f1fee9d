import { expect, test } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { createConsoleTime, toOffsetMs } from './consoleTime.ts'

test('before the first handshake it is the wall clock at start, plus what was remembered', async () => {
  const clock = createFakeClock(1_000_000)
  expect(createConsoleTime(clock).now()).toBe(1_000_000)
  const time = createConsoleTime(clock, 500)
  await clock.advance(20)
  expect(time.now()).toBe(1_000_520)
})

test('a handshake sets it, allowing half the way for the answer', async () => {
  const clock = createFakeClock(1_000_000)
  const time = createConsoleTime(clock)
  const askedMs = clock.monotonicMs()
  await clock.advance(80)
  time.learn({ consoleTimeMs: 9_000_000, askedMs, heardMs: clock.monotonicMs() })
  expect(time.now()).toBe(9_000_040)
  expect(time.offsetMs()).toBe(9_000_040 - 1_000_080)
  expect(time.fromWall(1_000_000)).toBe(8_999_960)
})

test('a wall clock that is set between handshakes moves no stamp', async () => {
  const clock = createFakeClock(1_000_000)
  const time = createConsoleTime(clock)
  clock.jumpWall(-86_400_000)
  await clock.advance(10)
  expect(time.now()).toBe(1_000_010)
  expect(time.fromWall(clock.now())).toBe(1_000_010)
})

test.each([
  [null, 0],
  ['', 0],
  ['1500', 1500],
  ['-86400000', -86_400_000],
  ['Infinity', 0],
  ['1e300', 0],
  ['yesterday', 0],
])('a remembered offset of %j counts as %i', (text, offsetMs) => expect(toOffsetMs(text)).toBe(offsetMs))
