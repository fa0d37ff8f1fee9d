// /proc/self/mountinfo, and which of its lines stand for a disk: each device once, whatever is bound or layered on it.

export interface Mount {
  /** "major:minor" */
  number: string
  /** Directory inside the file system that is mounted here; other than "/" for bind mounts and subvolumes. */
  root: string
  mountPoint: string
  fsType: string
  source: string
  superOptions: string
}

/** Space, tab, line feed and backslash are written as octal escapes. */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

export function parseMountinfo(text: string): Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    // A variable number of optional fields ends at a lone hyphen.
    const [front = '', back = ''] = line.split(' - ', 2)
    const [, , number, root, mountPoint] = front.split(' ')
    const [fsType, source, superOptions = ''] = back.split(' ')
    if (!number || !root || !mountPoint || !fsType || source === undefined) continue
    mounts.push({
      number,
      root: unescape(root),
      mountPoint: unescape(mountPoint),
      fsType,
      source: unescape(source),
      superOptions,
    })
  }
  return mounts
}

/** Lies on a block device of this machine. Network file systems are left out on purpose: asking a dead one hangs. */
const onDevice = new Set(
  'ext2 ext3 ext4 xfs btrfs zfs f2fs jfs nilfs2 reiserfs bcachefs vfat exfat ntfs ntfs3 fuseblk hfsplus ufs'.split(' '),
)
/** Directories that the host of a virtual machine lends. */
const lent = new Set(['9p', 'virtiofs'])
const network = /^(nfs\d?|cifs|smb\w*|ceph|glusterfs|lustre|afs|autofs|fuse\..*)$/

/** Longer ones the console does not take. */
const maxPathChars = 1024

/** What makes two mounts the same disk; null for what is no disk. */
function diskKey({ fsType, source, number, mountPoint }: Mount): string | null {
  if (mountPoint.length > maxPathChars || source.length > maxPathChars) return null
  if (fsType === 'zfs') return `zfs ${source.split('/')[0]}`
  // Subvolumes of btrfs have a number of their own each, but one source.
  if (onDevice.has(fsType)) return number.startsWith('0:') ? source : number
  if (lent.has(fsType)) return `${fsType} ${source}`
  // Layers elsewhere belong to containers; their bytes lie on disks that are counted already.
  return mountPoint === '/' && !network.test(fsType) ? 'root' : null
}

const better = (a: Mount, b: Mount): Mount => {
  if ((a.root === '/') !== (b.root === '/')) return a.root === '/' ? a : b
  return b.mountPoint.length < a.mountPoint.length ? b : a
}

/** One mount for each disk: the whole file system rather than a part of it, the shortest path among equals. */
export function chooseDisks(mounts: readonly Mount[]): Mount[] {
  // A later mount on the same point hides the earlier one.
  const visible = new Map(mounts.map((mount) => [mount.mountPoint, mount]))
  const disks = new Map<string, Mount>()
  for (const mount of visible.values()) {
    const key = diskKey(mount)
    if (key === null) continue
    const known = disks.get(key)
    disks.set(key, known ? better(known, mount) : mount)
  }
  return [...disks.values()]
}
