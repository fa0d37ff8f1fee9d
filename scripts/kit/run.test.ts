import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { capture, LATE, run } from './run.mjs'

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
  await expect.poll(() => marks('told')).toBe(true)
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

test('a child that is late is ended, with what it started and however it answers', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sindri-run-'))
  const pids = path.join(folder, 'pids')
  const code = `trap '' TERM; sleep 60 & echo $$ $! > ${pids}; wait`
  expect(await run('sh', ['-c', code], { limitMs: 1_000, graceMs: 100 })).toBe(LATE)
  const written = readFileSync(pids, 'utf8').trim().split(' ').map(Number)
  expect(written).toHaveLength(2)
  await expect.poll(() => written.filter(isRunning)).toEqual([])
})

test('a child that ends within its limit keeps its own exit code', async () => {
  expect(await run(process.execPath, ['-e', 'process.exit(3)'], { limitMs: 60_000 })).toBe(3)
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // Killed, and not yet buried.
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}
