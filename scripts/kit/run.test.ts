import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { capture, run } from './run.mjs'

test('the exit code of the child comes back', async () => {
  expect(await run(process.execPath, ['-e', 'process.exit(7)'])).toBe(7)
})

test('a child ended by a signal counts as 128 and the number of the signal', async () => {
  expect(await run(process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")'])).toBe(137)
})

test('what a captured child says is kept, stdout by itself as well', async () => {
  const code = 'process.stderr.write("err"); process.stdout.write("out"); process.exitCode = 4'
  const { output, ...rest } = await capture(process.execPath, ['-e', code])
  expect(rest).toEqual({ code: 4, stdout: 'out' })
  expect(output).toHaveLength(6)
})

test('a program that is not there is named', async () => {
  await expect(run('/no/such/program', [])).rejects.toThrow('expected to start /no/such/program')
})

test('a signal reaches the child, and its own answer comes back', async () => {
  const { parent, marks } = family(
    `process.on('SIGTERM', () => process.exit(9)); mark('up'); setInterval(() => {}, 1000)`,
  )
  await expect.poll(() => marks('up')).toBe(true)
  parent.kill('SIGTERM')
  expect(await once(parent, 'exit')).toEqual([9, null])
})

test('a child on a leash learns that its parent was killed', async () => {
  const { parent, marks } = family(`process.on('disconnect', () => { mark('told'); process.exit() }); mark('up')`)
  await expect.poll(() => marks('up')).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => marks('told'), { timeout: 5_000 }).toBe(true)
})

/** A process that runs one leashed child; the child leaves marks, since it may outlive its parent. */
function family(childCode: string) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sindri-run-'))
  const at = (name: string) => JSON.stringify(path.join(folder, name))
  const kit = JSON.stringify(path.join(import.meta.dirname, 'run.mjs'))
  writeFileSync(
    path.join(folder, 'child.mjs'),
    `import { writeFileSync } from 'node:fs'; const mark = (name) => writeFileSync(${at('')} + '/' + name, ''); ${childCode}`,
  )
  writeFileSync(
    path.join(folder, 'parent.mjs'),
    `import { run } from ${kit}; process.exit(await run(process.execPath, [${at('child.mjs')}], { leash: true }))`,
  )
  return { parent: fork(path.join(folder, 'parent.mjs')), marks: (name: string) => existsSync(path.join(folder, name)) }
}
