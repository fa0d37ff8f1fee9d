import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openDb } from '../db.ts'
import { lockFolder } from './folderLock.ts'

const folders: string[] = []
const newFolder = (): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sindri-pglite-'))
  folders.push(folder)
  return folder
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** Runs a program of ours until it says "ready". */
const start = async (code: string, folder: string) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`Expected a program that gets ready, got one that ended with ${code}.`)
  })
  await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => {})
  return {
    async kill() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
const from = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)

it('a folder is open once: the second opener is told who has it', async () => {
  const folder = newFolder()
  const unlock = await lockFolder(folder)
  await expect(lockFolder(folder)).rejects.toThrow(
    new RegExp(
      `^Expected ${folder} to be free, got one that process ${process.pid} on \\S+ has open: stop that console first, or use another SINDRI_DATA_DIR or DATABASE_URL\\.$`,
    ),
  )
  unlock()
  const again = await lockFolder(folder)
  again()
  expect(existsSync(path.join(folder, 'lock'))).toBe(false)
})

it('one of many that open at once gets it', async () => {
  const folder = newFolder()
  writeFileSync(path.join(folder, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, born: null, host: 'here', id: 'stale' }))
  // Its holder, on another host, has been silent for an hour.
  const hourAgo = new Date(Date.now() - 3_600_000)
  utimesSync(path.join(folder, 'lock'), hourAgo, hourAgo)
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)))
  const won = outcomes.filter((outcome) => outcome.status === 'fulfilled')
  expect(won).toHaveLength(1)
  won[0]?.value()
})

it('a lock frees itself when its holder is killed', async () => {
  const folder = newFolder()
  const holder = await start(
    `const { lockFolder } = await import(${from('./folderLock.ts')}); await lockFolder(process.argv[1]); console.log('ready'); setInterval(() => {}, 1000)`,
    folder,
  )
  await expect(lockFolder(folder)).rejects.toThrow('to be free')
  await holder.kill()
  const unlock = await lockFolder(folder)
  unlock()
})

it.runIf(existsSync('/proc'))('a lock whose holder was killed and that nobody has buried yet is free', async () => {
  const folder = newFolder()
  // The shell starts the holder and becomes a program that never asks about it.
  const code = `const { lockFolder } = await import(${from('./folderLock.ts')}); await lockFolder(process.argv[1]); console.log(process.pid); setInterval(() => {}, 1000)`
  const shell = ['"$0" --input-type=module -e "$1" "$2" & exec sleep 60', process.execPath, code, folder]
  const parent = spawn('/bin/sh', ['-c', ...shell], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer]
  await expect(lockFolder(folder)).rejects.toThrow('to be free')
  process.kill(Number(pid), 'SIGKILL')
  await expect.poll(() => readFileSync(`/proc/${Number(pid)}/stat`, 'utf8')).toContain(') Z ')
  const unlock = await lockFolder(folder)
  unlock()
  parent.kill()
})

it('a lock of a later process with the same pid is not taken for its holder', async () => {
  const folder = newFolder()
  const unlock = await lockFolder(folder)
  const lock = path.join(folder, 'lock')
  unlock()
  const { hostname } = await import('node:os')
  writeFileSync(lock, JSON.stringify({ pid: process.pid, born: 'another boot/1', host: hostname(), id: 'before' }))
  const again = await lockFolder(folder)
  expect(statSync(lock).mode & 0o777).toBe(0o600)
  again()
})

it('a folder that cannot be written is one clear line', async () => {
  await expect(openDb('pglite:/dev/null/sindri')).rejects.toThrow(
    /^Expected \/dev\/null\/sindri to be writable, got ENOTDIR/,
  )
})

it('what is committed survives a kill, and the folder opens again at once', { timeout: 60_000 }, async () => {
  const folder = newFolder()
  const console = await start(
    `const { openDb } = await import(${from('../db.ts')})
     const db = await openDb('pglite:' + process.argv[1])
     await db.migrate()
     await db.prisma.setting.create({ data: { key: 'committed', value: 1 } })
     void db.tx(async (tx) => { await tx.prisma.setting.create({ data: { key: 'open', value: 1 } }); process.stdout.write('ready'); await new Promise(() => {}) })`,
    folder,
  )
  await console.kill()
  const db = await openDb(`pglite:${folder}`)
  expect(await db.migrate()).toEqual([])
  expect(await db.query('select key from settings')).toEqual([{ key: 'committed' }])
  await expect(openDb(`pglite:${folder}`)).rejects.toThrow('to be free')
  await db.close()
  await expect(db.query('select 1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})
