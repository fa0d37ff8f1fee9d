import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { isPulseFresh, startPulse } from './pulse.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sindri-pulse-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it('is fresh while the agent runs, and gone with it', async () => {
  const clock = createFakeClock()
  expect(isPulseFresh(dir, clock.now())).toBe(false)
  const stop = startPulse(dir, clock)
  await clock.advance(60_000)
  expect(isPulseFresh(dir, clock.now())).toBe(true)
  stop()
  expect(isPulseFresh(dir, clock.now())).toBe(false)
})

it('is old once the loop has stood still for half a minute', () => {
  const clock = createFakeClock()
  startPulse(dir, clock)
  expect(isPulseFresh(dir, clock.now() + 29_999)).toBe(true)
  expect(isPulseFresh(dir, clock.now() + 30_000)).toBe(false)
})

it('ends nobody where it cannot be written', async () => {
  const clock = createFakeClock()
  const stop = startPulse(join(dir, 'nowhere'), clock)
  await clock.advance(10_000)
  expect(isPulseFresh(join(dir, 'nowhere'), clock.now())).toBe(false)
  stop()
})
