import { beforeEach, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { watchSilence } from './silence.ts'

let clock: FakeClock
let seen: string[]

beforeEach(() => {
  clock = createFakeClock()
  seen = []
})

const watch = (on: Pick<FakeClock, 'now' | 'monotonicMs' | 'after' | 'every'> = clock) =>
  watchSilence({
    clock: on,
    pingMs: 10_000,
    ping: () => void seen.push(`ping at ${clock.monotonicMs() - 1000}`),
    dead: () => void seen.push(`dead at ${clock.monotonicMs() - 1000}`),
  })

it('asks once after the silence, and gives up after as long again', async () => {
  watch()
  await clock.advance(60_000)
  expect(seen).toEqual(['ping at 10000', 'dead at 20000'])
  expect(clock.timerCount()).toBe(0)
})

it('counts silence from the last frame, whatever came before', async () => {
  const silence = watch()
  await clock.advance(8_000)
  silence.heard()
  await clock.advance(9_000)
  expect(seen).toEqual([])
  await clock.advance(1_000)
  await clock.advance(9_999)
  expect(seen).toEqual(['ping at 18000'])
  silence.heard()
  await clock.advance(20_000)
  expect(seen).toEqual(['ping at 18000', 'ping at 37999', 'dead at 47999'])
})

it('stays with a peer that answers, and asks nothing of one that talks', async () => {
  const silence = watch()
  for (let times = 0; times < 100; times++) {
    await clock.advance(9_999)
    silence.heard()
  }
  expect(seen).toEqual([])
  silence.stop()
  expect(clock.timerCount()).toBe(0)
})

it('does not blame the peer for time in which this process stood still', async () => {
  let stoodStill = 0
  watch({ ...clock, monotonicMs: () => clock.monotonicMs() + stoodStill })
  await clock.advance(10_000)
  expect(seen).toEqual(['ping at 10000'])
  // As after SIGSTOP: the timer is due long ago, and what the peer sent meanwhile is unread.
  stoodStill = 300_000
  await clock.advance(10_000)
  expect(seen).toEqual(['ping at 10000', 'ping at 20000'])
  await clock.advance(10_000)
  expect(seen.at(-1)).toBe('dead at 30000')
})

it('pays no heed to a wall clock that is set', async () => {
  const silence = watch()
  clock.jumpWall(3_600_000)
  await clock.advance(9_000)
  silence.heard()
  clock.jumpWall(-7_200_000)
  await clock.advance(9_000)
  expect(seen).toEqual([])
})
