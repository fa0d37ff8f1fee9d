import { describe, expect, test } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { createConsoleTime, toOffsetMs } from './consoleTime.ts'

test('before the first handshake it is the wall clock at start, plus what was remembered', async () => {
  const clock = createFakeClock(1_000_000)
  expect(createConsoleTime(clock).now()).toBe(1_000_000)
  const time = createConsoleTime(clock, 500)
  await clock.advance(20)
  expect(time.now()).toBe(1_000_520)
  expect(time.told()).toBeNull()
})

test('a handshake sets it, allowing half the way for the answer', async () => {
  const clock = createFakeClock(1_000_000)
  const time = createConsoleTime(clock)
  const askedMs = clock.monotonicMs()
  await clock.advance(80)
  time.learn({ consoleTimeMs: 9_000_000, askedMs, heardMs: clock.monotonicMs() })
  expect(time.now()).toBe(9_000_040)
  expect(time.told()).toBe(9_000_040)
  expect(time.offsetMs()).toBe(9_000_040 - 1_000_080)
  expect(time.fromWall(1_000_000)).toBe(8_999_960)
})

describe('what is told later', () => {
  const learnt = async (...told: [consoleMs: number, wayMs: number][]): Promise<number> => {
    const clock = createFakeClock(1_000_000)
    const time = createConsoleTime(clock)
    for (const [consoleTimeMs, wayMs] of told) {
      const askedMs = clock.monotonicMs()
      await clock.advance(wayMs)
      time.learn({ consoleTimeMs, askedMs, heardMs: clock.monotonicMs() })
    }
    return time.now()
  }

  test.each<[string, [number, number][], number]>([
    [
      'narrows what a slow handshake left open',
      [
        [9_000_000, 4_000],
        [9_003_900, 20],
      ],
      9_003_900,
    ],
    [
      'and may be slow itself: what fits it stays',
      [
        [9_000_000, 20],
        [9_001_000, 5_000],
      ],
      9_005_010,
    ],
    [
      'follows a console whose clock was set forward',
      [
        [9_000_000, 20],
        [12_600_020, 20],
      ],
      12_600_020,
    ],
    [
      'follows a console whose clock was set back',
      [
        [9_000_000, 20],
        [5_400_020, 20],
      ],
      5_400_040,
    ],
  ])('%s', async (_, told, expected) => {
    expect(await learnt(...told)).toBe(expected)
  })
})

test('never steps back over what a slow answer had put ahead: it stands still until it is true again', async () => {
  const clock = createFakeClock(1_000_000)
  const time = createConsoleTime(clock)
  const learn = (consoleTimeMs: number, wayMs: number): void => {
    const heardMs = clock.monotonicMs()
    time.learn({ consoleTimeMs, askedMs: heardMs - wayMs, heardMs })
  }
  learn(9_000_000, 4_000)
  expect(time.now()).toBe(9_002_000)
  await clock.advance(100)
  learn(9_000_100, 20)
  expect(time.now()).toBe(9_002_000)
  await clock.advance(1_879)
  expect(time.now()).toBe(9_002_000)
  await clock.advance(2)
  expect(time.now()).toBe(9_002_001)
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
