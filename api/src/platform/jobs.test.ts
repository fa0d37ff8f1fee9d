import { expect, it } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { createJobs } from './jobs.ts'
import { createLog } from './log.ts'

const setup = () => {
  const clock = createFakeClock()
  const lines: string[] = []
  return { clock, lines, jobs: createJobs({ clock, log: createLog('info', (line) => lines.push(line)) }) }
}

it('a job comes round at its interval, and at the start where it asks for it', async () => {
  const { clock, jobs } = setup()
  const runs: string[] = []
  const cancels = [
    jobs.start({ name: 'later', intervalMs: 100, run: async () => void runs.push('later') }),
    jobs.start({ name: 'now', intervalMs: 100, atStart: true, run: async () => void runs.push('now') }),
  ]
  expect(runs).toEqual(['now'])
  await clock.advance(250)
  expect(runs.toSorted()).toEqual(['later', 'later', 'now', 'now', 'now'])
  for (const cancel of cancels) await cancel()
})

it('a job that takes longer than its interval never runs beside itself', async () => {
  const { clock, jobs } = setup()
  let running = 0
  let most = 0
  let runs = 0
  const cancel = jobs.start({
    name: 'slow',
    intervalMs: 10,
    run: async () => {
      most = Math.max(most, (running += 1))
      runs += 1
      await new Promise<void>((resolve) => void clock.after(25, resolve))
      running -= 1
    },
  })
  await clock.advance(100)
  expect(most).toBe(1)
  expect(runs).toBe(4)
  const cancelled = cancel()
  await clock.advance(25)
  await cancelled
})

it('an error is logged with the name of the job, and the job goes on', async () => {
  const { clock, jobs, lines } = setup()
  let runs = 0
  const cancel = jobs.start({
    name: 'sweep',
    intervalMs: 10,
    run: () => {
      runs += 1
      return Promise.reject(new Error('no database'))
    },
  })
  await clock.advance(20)
  expect(runs).toBe(2)
  expect(lines).toHaveLength(2)
  expect(lines[0]).toContain('sweep failed; it runs again in 10 ms')
  expect(lines[0]).toContain('no database')
  await cancel()
})

it('cancelling stops the round, aborts the run under way and waits for it', async () => {
  const { clock, jobs, lines } = setup()
  let ended = false
  const cancel = jobs.start({
    name: 'long',
    intervalMs: 10,
    run: async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      ended = true
      throw new Error('aborted')
    },
  })
  await clock.advance(10)
  await cancel()
  expect(ended).toBe(true)
  expect(lines).toEqual([])
  expect(clock.timerCount()).toBe(0)
})
