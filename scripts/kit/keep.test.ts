import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { endAll } from './end.ts'
import { keep, type Kept } from './keep.ts'

let folder = ''
let log = ''
let kept: Kept | undefined
const said: string[] = []

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sindri-keep-'))
  log = path.join(folder, 'log')
  writeFileSync(log, '')
  said.length = 0
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => said.push(String(line)) > 0)
})
afterEach(async () => {
  kept?.release()
  await endAll([kept?.current()].filter((child) => !!child))
})

/** A program that logs its start and then does as told. */
function scripted(code: string): string {
  const file = path.join(folder, 'child.mjs')
  writeFileSync(
    file,
    `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(log)}, 'start\\n'); ${code}`,
  )
  return file
}
const starts = () => readFileSync(log, 'utf8').split('\n').length - 1

test('a child that dies is said and started again', async () => {
  kept = keep('agent', scripted('process.exit(4)'), process.env, { firstRetryMs: 10 })
  await expect.poll(starts).toBeGreaterThan(2)
  expect(said.join('')).toContain('the agent ended with exit code 4')
})

test('one that runs already is kept the same: killed, it is started again', async () => {
  const file = scripted('setInterval(() => {}, 1000)')
  const running = fork(file)
  await expect.poll(starts).toBe(1)
  kept = keep('console', file, process.env, { firstRetryMs: 10, running })
  expect(kept.current()).toBe(running)
  running.kill('SIGKILL')
  await expect.poll(starts).toBe(2)
  expect(said.join('')).toContain('the console ended with exit code 137; starting it again')
})

test.each([
  [0, 'the agent ended; it is not started again'],
  [2, 'the agent ended for the reason above; it is not started again'],
])('a child that ended for good with %i is not started again', async (code, words) => {
  const child = keep('agent', scripted(`process.exit(${code})`), process.env, { firstRetryMs: 1 })
  expect(await child.ended).toBe(code)
  expect(said.join('')).toContain(words)
  expect(starts()).toBe(1)
})

test('a released child that ends stays ended, without a word', async () => {
  kept = keep('agent', scripted('setInterval(() => {}, 1000)'), process.env, { firstRetryMs: 1 })
  await expect.poll(starts).toBe(1)
  const child = kept.current()
  kept.release()
  await endAll([child].filter((one) => !!one))
  expect(kept.current()).toBeNull()
  expect(said).toEqual([])
})

test('a child that ignores every polite signal is gone in time all the same', async () => {
  kept = keep('agent', scripted(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`), process.env, {
    firstRetryMs: 1,
  })
  await expect.poll(starts).toBe(1)
  const child = kept.current()
  kept.release()
  await endAll(
    [child].filter((one) => !!one),
    50,
  )
  expect(child?.signalCode).toBe('SIGKILL')
})
