import { expect, test } from 'vitest'
import { type LinkEvent, coldness, foldLink, idle, retryWaitMs } from './link.ts'

const after = (...events: LinkEvent[]) => events.reduce(foldLink, idle)

test('a connection that is up has no loss, and each one raises the epoch', () => {
  const once = after({ kind: 'connecting', at: 10 }, { kind: 'live', at: 20 }, { kind: 'measured', at: 30, rttMs: 11 })
  expect(once).toMatchObject({ state: 'live', rttMs: 11, lostAt: null, heardAt: 30, epoch: 1 })
  const twice = [
    { kind: 'closed', at: 40 },
    { kind: 'connecting', at: 50 },
    { kind: 'live', at: 60 },
  ] as const
  expect(twice.reduce(foldLink, once)).toMatchObject({ state: 'live', rttMs: null, failures: 0, epoch: 2 })
})

test('the time of the loss stays while attempts fail, and so does the time of the last word heard', () => {
  const lost = after(
    { kind: 'connecting', at: 0 },
    { kind: 'live', at: 100 },
    { kind: 'heard', at: 900 },
    { kind: 'closed', at: 1000 },
    { kind: 'waiting', until: 1500 },
    { kind: 'connecting', at: 1500 },
    { kind: 'closed', at: 1600 },
  )
  expect(lost).toMatchObject({ state: 'lost', lostAt: 1000, heardAt: 900, failures: 2 })
})

test('a blink shows nothing, two seconds hollow the spark, five bring the strip', () => {
  const lost = after({ kind: 'live', at: 0 }, { kind: 'closed', at: 1000 })
  expect(coldness(lost, 2999)).toBe('warm')
  expect(coldness(lost, 3000)).toBe('hollow')
  expect(coldness(lost, 6000)).toBe('cold')
})

test('a first attempt that does not succeed goes cold like a loss', () => {
  const never = after({ kind: 'connecting', at: 1000 }, { kind: 'closed', at: 1100 }, { kind: 'connecting', at: 1200 })
  expect(coldness(never, 6000)).toBe('cold')
})

test('a refusal is cold at once and says why', () => {
  const refused = after({ kind: 'live', at: 0 }, { kind: 'refused', at: 10, meaning: 'This origin may not connect.' })
  expect(coldness(refused, 10)).toBe('cold')
  expect(refused.refusal).toBe('This origin may not connect.')
})

test('waits are jittered from zero, grow with failures, and never pass ten seconds', () => {
  expect(retryWaitMs(1, 0)).toBe(0)
  expect(retryWaitMs(0, 0.5)).toBe(250)
  expect(retryWaitMs(1, 0.5)).toBe(500)
  expect(retryWaitMs(50, 0.999)).toBeLessThan(10_000)
})
