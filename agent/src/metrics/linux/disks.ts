// The disks of this machine with their sizes and counters.
import { statfs } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { DiskReading } from '../reading.ts'
import { chooseDisks, type Mount } from './mounts.ts'

export interface IoCounters {
  name: string
  readBytes: number
  writtenBytes: number
}

/** Sectors of diskstats are 512 bytes, whatever the device's own size is. */
const sectorBytes = 512

/** By "major:minor". */
export function parseDiskstats(text: string): Map<string, IoCounters> {
  const counters = new Map<string, IoCounters>()
  for (const line of text.split('\n')) {
    const [major, minor, name, , , read, , , , written] = line.trim().split(/\s+/)
    if (!name || read === undefined || written === undefined) continue
    counters.set(`${major}:${minor}`, {
      name,
      readBytes: Number(read) * sectorBytes,
      writtenBytes: Number(written) * sectorBytes,
    })
  }
  return counters
}

export interface Space {
  total: number
  used: number
  free: number
  /** Inodes: with the size they tell whether an overlay lies on a disk that is already counted. */
  files: number
}

/** `null` when the file system does not answer in time. */
export type AskSpace = (mountPoint: string) => Promise<Space | null>

/** A mount that hangs keeps its thread; it is not asked again before that thread is back. */
export function createAskSpace(clock: Clock, timeoutMs = 1_000): AskSpace {
  const hanging = new Set<string>()
  return async (mountPoint) => {
    if (hanging.has(mountPoint)) return null
    hanging.add(mountPoint)
    const asked = statfs(mountPoint)
      .then(({ bsize, blocks, bfree, bavail, files }) => {
        return { total: blocks * bsize, used: (blocks - bfree) * bsize, free: bavail * bsize, files }
      })
      .catch(() => null)
      .finally(() => hanging.delete(mountPoint))
    const late = Promise.withResolvers<null>()
    const undo = clock.after(timeoutMs, () => late.resolve(null))
    const space = await Promise.race([asked, late.promise])
    undo()
    return space
  }
}

function countersOf({ number, source }: Mount, io: ReadonlyMap<string, IoCounters>): IoCounters | undefined {
  return io.get(number) ?? [...io.values()].find(({ name }) => name === basename(source))
}

export async function readDisks(
  mounts: readonly Mount[],
  io: ReadonlyMap<string, IoCounters>,
  askSpace: AskSpace,
): Promise<DiskReading[]> {
  const asked = await Promise.all(
    chooseDisks(mounts).map(async (mount) => ({ mount, space: await askSpace(mount.mountPoint) })),
  )
  const isLayered = ({ mount }: { mount: Mount }): boolean => !mount.source.startsWith('/dev/')
  const root = asked.find(({ mount }) => mount.mountPoint === '/')
  // In a container "/" is an overlay, and files such as /etc/hosts betray the disk it lies on: one disk, shown as "/".
  const under =
    root && isLayered(root)
      ? asked.find((other) => {
          const same = other.space?.total === root.space?.total && other.space?.files === root.space?.files
          return other !== root && other.space && same && !isLayered(other)
        })
      : undefined
  const disks: DiskReading[] = []
  for (const entry of asked) {
    if (entry === under) continue
    const { mount, space } = entry
    const behind = entry === root && under ? under.mount : mount
    const counters = countersOf(behind, io)
    // Pseudo file systems that call themselves something else have no size.
    if (space?.total === 0) continue
    disks.push({
      mountPoint: mount.mountPoint,
      device: behind.source || null,
      fsType: mount.fsType,
      total: space?.total ?? null,
      used: space?.used ?? null,
      free: space?.free ?? null,
      readBytes: counters?.readBytes ?? null,
      writtenBytes: counters?.writtenBytes ?? null,
    })
  }
  return disks
}
