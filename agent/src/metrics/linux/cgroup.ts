// The limits of the container the agent runs in: the tightest of its control group and all groups above it.
import { join, relative } from 'node:path'
import type { Cgroup } from '../sample.ts'
import type { Mount } from './mounts.ts'

/** /proc/self/cgroup: the group by controller; "" is the unified hierarchy of version 2. */
export function parseSelfCgroup(text: string): Map<string, string> {
  const groups = new Map<string, string>()
  for (const [, controllers = '', path = ''] of text.matchAll(/^\d+:([^:]*):(.*)$/gm)) {
    for (const controller of controllers.split(',')) groups.set(controller, path)
  }
  return groups
}

/** "max 100000" or "150000 100000": cores. */
export function parseCpuMax(text: string): number | null {
  const [quota = NaN, period = NaN] = text.trim().split(' ').map(Number)
  return quota > 0 && period > 0 ? quota / period : null
}

/** Version 1 says "no limit" by a number near 2^63. */
const unlimited = 2 ** 60

export function parseBytes(text: string): number | null {
  const bytes = /^\d+\s*$/.test(text) ? Number(text) : NaN
  return bytes < unlimited ? bytes : null
}

/** Page cache that can go at once does not press on the limit. */
function parseInactiveFile(text: string): number {
  return Number(/^(?:total_)?inactive_file (\d+)$/m.exec(text)?.[1] ?? 0)
}

/** Directories from the own group up to the top of what is mounted. */
export function groupDirs({ mountPoint, root }: Pick<Mount, 'mountPoint' | 'root'>, path: string): string[] {
  const inside = relative(root, path)
  // Outside of what is mounted, as in a container that sees the host's path: the mount itself is the own group.
  const parts = inside.startsWith('..') ? [] : inside.split('/').filter(Boolean)
  return Array.from({ length: parts.length + 1 }, (_, up) => join(mountPoint, ...parts.slice(0, parts.length - up)))
}

type Read = (path: string) => string | null

const least = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null)
  return known.length > 0 ? Math.min(...known) : null
}

interface Files {
  cpuDirs: string[]
  memoryDirs: string[]
  cpuLimit: (dir: string) => number | null
  memoryLimit: string
  memoryUsed: string
}

function locate(mounts: readonly Mount[], groups: ReadonlyMap<string, string>, read: Read): Files | null {
  const dirsOf = (mount: Mount | undefined, controller: string): string[] => {
    const path = groups.get(controller)
    return mount && path !== undefined ? groupDirs(mount, path) : []
  }
  const version1 = (controller: string): Mount | undefined =>
    mounts.find(({ fsType, superOptions }) => fsType === 'cgroup' && superOptions.split(',').includes(controller))
  const cpu = version1('cpu')
  const memory = version1('memory')
  if (cpu || memory) {
    const cpuLimit = (dir: string): number | null =>
      parseCpuMax(`${read(join(dir, 'cpu.cfs_quota_us'))?.trim()} ${read(join(dir, 'cpu.cfs_period_us'))?.trim()}`)
    return {
      cpuDirs: dirsOf(cpu, 'cpu'),
      memoryDirs: dirsOf(memory, 'memory'),
      cpuLimit,
      memoryLimit: 'memory.limit_in_bytes',
      memoryUsed: 'memory.usage_in_bytes',
    }
  }
  const version2 = mounts.find(({ fsType }) => fsType === 'cgroup2')
  if (!version2) return null
  const dirs = dirsOf(version2, '')
  const cpuLimit = (dir: string): number | null => parseCpuMax(read(join(dir, 'cpu.max')) ?? '')
  return { cpuDirs: dirs, memoryDirs: dirs, cpuLimit, memoryLimit: 'memory.max', memoryUsed: 'memory.current' }
}

/** null where nothing is limited: then the machine's own figures say it all. */
export function readCgroup(mounts: readonly Mount[], selfCgroup: string, read: Read): Cgroup | null {
  const files = locate(mounts, parseSelfCgroup(selfCgroup), read)
  if (!files) return null
  const cpuLimitCores = least(files.cpuDirs.map(files.cpuLimit))
  const limits = files.memoryDirs.map((dir) => ({ dir, bytes: parseBytes(read(join(dir, files.memoryLimit)) ?? '') }))
  const memoryLimitBytes = least(limits.map(({ bytes }) => bytes))
  if (cpuLimitCores === null && memoryLimitBytes === null) return null
  // What is charged to the very group that holds the limit, so that the two can be compared.
  const dir = limits.find(({ bytes }) => bytes === memoryLimitBytes && bytes !== null)?.dir
  const charged = dir === undefined ? null : parseBytes(read(join(dir, files.memoryUsed)) ?? '')
  const inactive = dir === undefined ? 0 : parseInactiveFile(read(join(dir, 'memory.stat')) ?? '')
  return { cpuLimitCores, memoryLimitBytes, memoryUsedBytes: charged === null ? null : Math.max(0, charged - inactive) }
}
