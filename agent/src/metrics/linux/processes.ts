// All processes of /proc with what they have used, read in small slices so that a terminal never waits for them.
import { LIMITS } from '@sindri/schema/contract/limits'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { nextTurn } from '../../platform/clock.ts'
import type { ProcessReading } from '../reading.ts'
import { readText } from './files.ts'

/** USER_HZ: 100 on every architecture Linux has kept. */
const ticksPerSecond = 100
/** Read at one go: about half a millisecond. */
const sliceSize = 40
/** Beyond this the rest is only counted. */
const maxRead = 5_000

export function parsePidStat(text: string, pageBytes: number): ProcessReading | null {
  // The name is in brackets and may hold spaces and brackets itself.
  const open = text.indexOf('(')
  const close = text.lastIndexOf(')')
  if (open < 0 || close < open) return null
  const fields = text.slice(close + 2).split(' ')
  const [userTicks, systemTicks, start, pages] = [fields[11], fields[12], fields[19], fields[21]]
  if (start === undefined || pages === undefined) return null
  return {
    name: text.slice(open + 1, close),
    start,
    cpuSeconds: (Number(userTicks) + Number(systemTicks)) / ticksPerSecond,
    cpuPercent: null,
    memoryBytes: Math.max(0, Number(pages)) * pageBytes,
  }
}

/** Entry 6 of the auxiliary vector; 4 KiB is not everywhere the size of a page. */
export function parsePageBytes(auxv: Buffer): number {
  for (let offset = 0; offset + 16 <= auxv.length; offset += 16) {
    if (auxv.readBigUInt64LE(offset) === 6n) return Number(auxv.readBigUInt64LE(offset + 8))
  }
  return 4096
}

/**
 * Runtimes that name their threads, such as Node, leave no program's name in `stat`. Only the first word of the command
 * line is taken for it: the others may hold secrets.
 */
export function programName(name: string, readCommandLine: () => string | null): string {
  if (name !== 'MainThread') return name
  return basename(readCommandLine()?.split('\0', 1)[0] ?? '').slice(0, LIMITS.nameChars) || name
}

export async function readProcesses(
  procDir: string,
  pageBytes: number,
): Promise<{ processCount: number; processes: Map<number, ProcessReading> } | null> {
  const names = await readdir(procDir).catch(() => null)
  if (!names) return null
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number)
  const processes = new Map<number, ProcessReading>()
  for (const [index, pid] of pids.slice(0, maxRead).entries()) {
    if (index % sliceSize === sliceSize - 1) await nextTurn()
    const text = readText(join(procDir, String(pid), 'stat'))
    const process = text && parsePidStat(text, pageBytes)
    if (!process) continue
    const name = programName(process.name, () => readText(join(procDir, String(pid), 'cmdline')))
    processes.set(pid, { ...process, name })
  }
  return { processCount: pids.length, processes }
}
