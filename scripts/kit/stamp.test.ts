import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { once } from './stamp.mjs'

let root = ''
let runs = 0
let makes: () => void = () => {}

beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  root = mkdtempSync(path.join(os.tmpdir(), 'sindri-stamp-'))
  runs = 0
  makes = () => write('out/made.js', 'made')
  write('src/a.graphql', 'query A')
  write('src/deep/b.graphql', 'query B')
  write('src/ignored.ts', 'const x = 1')
})

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true })
  writeFileSync(path.join(root, file), text)
}

function step(): Promise<boolean> {
  return once(root, {
    name: 'make it',
    inputs: ['src', 'absent.json'],
    only: /\.graphql$/,
    outputs: ['out/made.js'],
    make: async () => {
      runs += 1
      makes()
    },
  })
}

test('a step runs once for the same content', async () => {
  expect(await step()).toBe(true)
  expect(await step()).toBe(false)
  expect(runs).toBe(1)
})

test('a step runs again when a file deep in its folder changes, appears or goes', async () => {
  await step()
  write('src/deep/b.graphql', 'query C')
  expect(await step()).toBe(true)
  write('src/c.graphql', '')
  expect(await step()).toBe(true)
  rmSync(path.join(root, 'src/c.graphql'))
  expect(await step()).toBe(true)
  write('absent.json', '{}')
  expect(await step()).toBe(true)
})

test('a step ignores files that it does not ask for, and what other steps generate', async () => {
  await step()
  write('src/ignored.ts', 'const x = 2')
  write('src/generated/d.graphql', 'query D')
  expect(await step()).toBe(false)
})

test('a step runs again when what it made was deleted', async () => {
  await step()
  rmSync(path.join(root, 'out'), { recursive: true })
  expect(await step()).toBe(true)
})

test('a step that failed halfway runs again, even for content that it once finished', async () => {
  await step()
  write('src/a.graphql', 'query broken')
  makes = () => {
    throw new Error('broken')
  }
  await expect(step()).rejects.toThrow('broken')
  write('src/a.graphql', 'query A')
  makes = () => {}
  expect(await step()).toBe(true)
})

test('a step that does not make what it promised is a fault', async () => {
  makes = () => {}
  await expect(step()).rejects.toThrow('make it: expected it to make out/made.js')
})
