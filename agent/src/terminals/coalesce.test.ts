import { LIMITS } from '@sindri/schema/contract/limits'
import { describe, expect, test } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { createCoalescer, fullReadBytes } from './coalesce.ts'

function setUp() {
  const clock = createFakeClock()
  const sentAtMs: number[] = []
  const startMs = clock.monotonicMs()
  const rests: number[] = []
  const release = (restBytes: number): void => {
    sentAtMs.push(clock.monotonicMs() - startMs)
    rests.push(restBytes)
  }
  const console = { isBusy: false }
  const coalescer = createCoalescer({ clock, release, isBusy: () => console.isBusy })
  return { clock, coalescer, console, sentAtMs, rests }
}

describe('the coalescer', () => {
  test('sends the first output at once', () => {
    const { coalescer, sentAtMs } = setUp()
    coalescer.push(10)
    expect(sentAtMs).toEqual([0])
  })

  test('gathers what follows within 5 ms', async () => {
    const { clock, coalescer, sentAtMs } = setUp()
    coalescer.push(10)
    for (let i = 0; i < 4; i++) {
      await clock.advance(1)
      coalescer.push(10)
    }
    expect(sentAtMs).toEqual([0])
    await clock.advance(1)
    expect(sentAtMs).toEqual([0, 5])
  })

  test('sends a full message without waiting, and the rest with what follows', async () => {
    const { clock, coalescer, sentAtMs, rests } = setUp()
    coalescer.push(10)
    const reads = Math.ceil(LIMITS.terminalChunkBytes / fullReadBytes)
    for (let i = 0; i < reads; i++) coalescer.push(fullReadBytes)
    expect(rests).toEqual([0, reads * fullReadBytes - LIMITS.terminalChunkBytes])
    for (let i = 0; i < reads - 2; i++) coalescer.push(fullReadBytes)
    expect(rests).toEqual([0, reads * fullReadBytes - LIMITS.terminalChunkBytes])
    await clock.advance(5)
    expect(sentAtMs).toEqual([0, 0, 5])
    expect(rests.at(-1)).toBe(0)
  })

  test('does not delay an echo, even in the middle of a batch', async () => {
    const { clock, coalescer, sentAtMs } = setUp()
    coalescer.push(10)
    await clock.advance(1)
    coalescer.expectEcho()
    coalescer.push(1)
    expect(sentAtMs).toEqual([0, 1])
  })

  test('does not split a redraw that takes more than one read', async () => {
    const { clock, coalescer, sentAtMs } = setUp()
    coalescer.expectEcho()
    coalescer.push(fullReadBytes)
    expect(sentAtMs).toEqual([])
    coalescer.push(200)
    expect(sentAtMs).toEqual([0])
    await clock.advance(10)
    expect(sentAtMs).toEqual([0])
  })

  test('sends a redraw of exactly one full read after 5 ms', async () => {
    const { clock, coalescer, sentAtMs } = setUp()
    coalescer.push(fullReadBytes)
    await clock.advance(5)
    expect(sentAtMs).toEqual([5])
  })

  test('sends at most every 5 ms under a flood of small pieces', async () => {
    const { clock, coalescer, sentAtMs } = setUp()
    for (let i = 0; i < 100; i++) {
      coalescer.push(60)
      await clock.advance(1)
    }
    expect(sentAtMs.length).toBeLessThanOrEqual(21)
  })

  test('sends every 20 ms while nothing is answered, and no longer once it is', async () => {
    const { clock, coalescer, console, sentAtMs } = setUp()
    console.isBusy = true
    for (let i = 0; i < 45; i++) {
      coalescer.push(60)
      await clock.advance(1)
    }
    expect(sentAtMs).toEqual([0, 20, 40])
    console.isBusy = false
    await clock.advance(5)
    expect(sentAtMs).toEqual([0, 20, 40, 50])
  })

  test('delays neither an echo nor a full message while nothing is answered', async () => {
    const { clock, coalescer, console, sentAtMs } = setUp()
    console.isBusy = true
    coalescer.push(10)
    await clock.advance(1)
    coalescer.expectEcho()
    coalescer.push(1)
    expect(sentAtMs).toEqual([0, 1])
    await clock.advance(1)
    coalescer.push(LIMITS.terminalChunkBytes)
    expect(sentAtMs).toEqual([0, 1, 2])
  })

  test('leaves no timer behind', async () => {
    const { clock, coalescer } = setUp()
    coalescer.push(1)
    coalescer.push(1)
    coalescer.stop()
    expect(clock.timerCount()).toBe(0)
  })
})
