import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { withLock } from './lock.mjs'

const folder = mkdtempSync(path.join(os.tmpdir(), 'sindri-lock-'))
const file = path.join(folder, 'lock')
afterEach(() => rmSync(file, { force: true }))

/** Reads a number, thinks, and writes it back plus one: without a lock, updates get lost. */
const incrementer = path.join(folder, 'increment.mjs')
writeFileSync(
  incrementer,
  `import { readFileSync, writeFileSync } from 'node:fs'
   import { setTimeout } from 'node:timers/promises'
   import { withLock } from ${JSON.stringify(path.join(import.meta.dirname, 'lock.mjs'))}
   const [lock, counter] = process.argv.slice(2)
   await withLock(lock, () => {}, async () => {
     const value = Number(readFileSync(counter, 'utf8'))
     await setTimeout(20)
     writeFileSync(counter, String(value + 1))
   })`,
)

test('processes that want the lock at the same time take turns', async () => {
  const counter = path.join(folder, 'counter')
  writeFileSync(counter, '0')
  const children = Array.from({ length: 5 }, () => fork(incrementer, [file, counter]))
  await Promise.all(children.map((child) => once(child, 'exit')))
  expect(readFileSync(counter, 'utf8')).toBe('5')
  expect(existsSync(file)).toBe(false)
})

test('the lock of a process that died is taken over', async () => {
  const child = fork(incrementer, ['/dev/null/never', '/dev/null/never'], { stdio: 'ignore' })
  await once(child, 'exit')
  writeFileSync(file, String(child.pid))
  expect(
    await withLock(
      file,
      () => expect.unreachable('waited for the dead'),
      async () => 'done',
    ),
  ).toBe('done')
})

test.runIf(process.platform === 'linux')('so is the lock of one that nobody has buried yet', async () => {
  // The shell starts a child, becomes a program that never asks about it, and the child ends.
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer]
  await expect.poll(() => readFileSync(`/proc/${Number(pid)}/stat`, 'utf8')).toContain(') Z ')
  writeFileSync(file, String(Number(pid)))
  const waited = () => expect.unreachable('waited for the dead')
  expect(await withLock(file, waited, async () => 'done')).toBe('done')
  parent.kill()
})

test('a folder that cannot be written is named', async () => {
  await expect(
    withLock(
      '/proc/version/lock',
      () => {},
      async () => {},
    ),
  ).rejects.toThrow('expected /proc/version to be writable, got')
})

test('whoever waits hears once for whom', async () => {
  const heard: number[] = []
  let release = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const first = withLock(
    file,
    () => {},
    () => held,
  )
  const second = withLock(
    file,
    (pid) => {
      heard.push(pid)
      release()
    },
    async () => 'second',
  )
  await first
  expect(await second).toBe('second')
  expect(heard).toEqual([process.pid])
})

test('work that throws gives the lock back', async () => {
  await expect(
    withLock(
      file,
      () => {},
      async () => Promise.reject(new Error('no')),
    ),
  ).rejects.toThrow('no')
  expect(existsSync(file)).toBe(false)
})
