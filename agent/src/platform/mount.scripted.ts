// A disk of its own for a test: one that is full, or that takes nothing any more.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Only root may, and in most containers not even root. */
export const canMount = ((): boolean => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const at = mkdtempSync(join(tmpdir(), 'sindri-mount-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', at], { stdio: 'ignore' }).status === 0
  if (mounted) unmountDisk(at)
  rmSync(at, { recursive: true })
  return mounted
})()

export function mountDisk(at: string, kib: number): void {
  mkdirSync(at, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k,mode=700`, 'tmpfs', at])
}

export const remountDisk = (at: string, how: 'ro' | 'rw'): void =>
  void execFileSync('mount', ['-o', `remount,${how}`, at])

/** Does nothing where none is mounted. */
export function unmountDisk(at: string): void {
  if (process.getuid?.() === 0) spawnSync('umount', [at], { stdio: 'ignore' })
}
