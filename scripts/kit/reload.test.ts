import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { endAll } from './end.ts'
import type { Kept } from './keep.ts'
import { reload } from './reload.ts'

let folder: string
let kept: Kept
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sindri-reload-'))
  mkdirSync(path.join(folder, 'src'))
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
})
afterEach(async () => {
  kept.release()
  await endAll([kept.current()].filter((child): child is ChildProcess => !!child))
  rmSync(folder, { recursive: true })
})

/** A program that notes each of its starts and its orderly end. */
const start = (rest: string): void => {
  const notes = JSON.stringify(path.join(folder, 'notes'))
  writeFileSync(path.join(folder, 'notes'), '')
  writeFileSync(
    path.join(folder, 'program.mjs'),
    `import { appendFileSync } from 'node:fs'; const note = (word) => appendFileSync(${notes}, word + ' '); note('begun'); ${rest}`,
  )
  kept = reload('program', () => fork(path.join(folder, 'program.mjs')), [path.join(folder, 'src')])
}
const notes = (): string => readFileSync(path.join(folder, 'notes'), 'utf8').trim()
const save = (file: string): void => writeFileSync(path.join(folder, 'src', file), String(Math.random()))

test('a change of a source ends the program in order, and begins it anew; a test or a note changes nothing', async () => {
  start(`process.on('SIGTERM', () => { note('ended'); process.exit() }); setInterval(() => {}, 1000)`)
  await expect.poll(notes).toBe('begun')
  save('a.test.ts')
  save('notes.md')
  save('a.ts')
  await expect.poll(notes).toBe('begun ended begun')
})

test('a program that fell waits for the next change', async () => {
  start(`process.exit(7)`)
  await expect.poll(() => [notes(), kept.current()]).toEqual(['begun', null])
  save('a.ts')
  await expect.poll(notes).toBe('begun begun')
})
