import { expect, it } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { createLog } from './log.ts'
import { createStop } from './stop.ts'

const setup = () => {
  const clock = createFakeClock()
  const lines: string[] = []
  return {
    clock,
    lines,
    stop: createStop({ clock, log: createLog('info', (line) => lines.push(line)), graceMs: 5_000 }),
  }
}

it('parts end last first, one after the other, and only once', async () => {
  const { stop, clock } = setup()
  const ended: string[] = []
  stop.add('first', () => void ended.push('first'))
  stop.add('second', async () => {
    await Promise.resolve()
    ended.push('second')
  })
  const [one, two] = await Promise.all([stop.stop(), stop.stop()])
  expect(ended).toEqual(['second', 'first'])
  expect(one).toBe(two)
  expect(one).toEqual([])
  expect(clock.timerCount()).toBe(0)
})

it('a part that throws does not keep the others from ending', async () => {
  const { stop, lines } = setup()
  const ended: string[] = []
  stop.add('fine', () => void ended.push('fine'))
  stop.add('broken', () => Promise.reject(new Error('no')))
  expect(await stop.stop()).toEqual([])
  expect(ended).toEqual(['fine'])
  expect(lines[0]).toContain('broken did not end as it should')
})

it('a part that hangs is left after the grace, and the rest is still asked to end', async () => {
  const { stop, clock } = setup()
  const ended: string[] = []
  stop.add('fine', () => void ended.push('fine'))
  stop.add('hanging', () => new Promise<void>(() => {}))
  const result = stop.stop()
  await clock.advance(5_000)
  expect(await result).toContain('hanging')
  expect(ended).toEqual(['fine'])
})

it('what is added while stopping ends at once', async () => {
  const { stop } = setup()
  await stop.stop()
  const ended: string[] = []
  stop.add('late', () => void ended.push('late'))
  expect(ended).toEqual(['late'])
  expect(stop.stopping).toBe(true)
})
