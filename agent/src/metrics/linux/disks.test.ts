import { expect, test } from 'vitest'
import { createFakeClock } from '../../platform/clock.fake.ts'
import { createAskSpace, parseDiskstats, readDisks, type Space } from './disks.ts'
import { chooseDisks, parseMountinfo } from './mounts.ts'

const inContainer = `1021 843 0:138 / / rw,relatime master:400 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/AAA,upperdir=/var/lib/docker/overlay2/x/diff
1022 1021 0:142 / /proc rw,nosuid - proc proc rw
1023 1021 0:143 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k
1026 1021 0:31 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw
1030 1021 8:1 /var/lib/docker/containers/abc/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw
1031 1021 8:1 /var/lib/docker/containers/abc/hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw
1032 1021 8:16 / /data rw,relatime - xfs /dev/sdb rw
1033 1021 8:16 /projects /work\\040space rw,relatime - xfs /dev/sdb rw
`

const onHost = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
28 27 254:0 /srv /mnt/bind rw,relatime shared:1 - ext4 /dev/vda rw
29 27 254:1 / /boot/efi rw,relatime shared:5 - vfat /dev/vda1 rw
30 27 0:44 / /mnt/nas rw,relatime - nfs4 nas:/export rw
31 27 0:45 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=a
32 27 7:0 / /snap/core/1 ro - squashfs /dev/loop0 ro
33 27 0:50 /@home /home rw - btrfs /dev/sdc rw,subvol=/@home
34 27 0:51 /@var /srv/var rw - btrfs /dev/sdc rw,subvol=/@var
35 27 0:60 / /tank rw - zfs tank rw
36 27 0:61 / /tank/a rw - zfs tank/a rw
`

const space = (total: number, files: number): Space => ({ total, used: total / 2, free: total / 4, files })

test('a line of mountinfo with its optional fields and escapes', () => {
  expect(parseMountinfo(inContainer).at(-1)).toEqual({
    number: '8:16',
    root: '/projects',
    mountPoint: '/work space',
    fsType: 'xfs',
    source: '/dev/sdb',
    superOptions: 'rw',
  })
  expect(parseMountinfo('\nbroken\n1 2 3:4 / /x - \n')).toEqual([])
})

test('on a host each device counts once; bind mounts, layers, images and network mounts do not', () => {
  expect(chooseDisks(parseMountinfo(onHost)).map(({ mountPoint }) => mountPoint)).toEqual([
    '/',
    '/boot/efi',
    '/home',
    '/tank',
  ])
})

test('a mount that hides an earlier one on the same point replaces it', () => {
  const text = '1 0 8:1 / /data rw - ext4 /dev/sda1 rw\n2 1 8:2 / /data rw - ext4 /dev/sda2 rw\n'
  expect(chooseDisks(parseMountinfo(text)).map(({ source }) => source)).toEqual(['/dev/sda2'])
})

test('in a container the overlay and the files bound from its disk are one disk, with the counters of the device', async () => {
  const io = parseDiskstats('8 1 sda1 1 0 100 0 1 0 200 0 0 0 0\n8 16 sdb 1 0 8 0 1 0 16 0 0 0 0\n')
  const sizes: Record<string, Space> = { '/': space(1000, 77), '/etc/hosts': space(1000, 77), '/data': space(5000, 9) }
  const disks = await readDisks(parseMountinfo(inContainer), io, async (mountPoint) => sizes[mountPoint] ?? null)
  expect(disks).toEqual([
    {
      mountPoint: '/',
      device: '/dev/sda1',
      fsType: 'overlay',
      total: 1000,
      used: 500,
      free: 250,
      readBytes: 51_200,
      writtenBytes: 102_400,
    },
    {
      mountPoint: '/data',
      device: '/dev/sdb',
      fsType: 'xfs',
      total: 5000,
      used: 2500,
      free: 1250,
      readBytes: 4096,
      writtenBytes: 8192,
    },
  ])
})

test('an overlay on a disk of its own stays, and a mount that does not answer has no sizes', async () => {
  const sizes: Record<string, Space> = { '/': space(1000, 77), '/data': space(5000, 9) }
  const disks = await readDisks(parseMountinfo(inContainer), new Map(), async (mountPoint) => sizes[mountPoint] ?? null)
  expect(disks.map(({ mountPoint, total }) => [mountPoint, total])).toEqual([
    ['/', 1000],
    ['/etc/hosts', null],
    ['/data', 5000],
  ])
})

test('a real file system answers with bytes, a missing one with nothing', async () => {
  const clock = createFakeClock()
  const ask = createAskSpace(clock)
  const root = await ask('/')
  expect(root?.total).toBeGreaterThan(0)
  expect(root && root.used + root.free).toBeLessThanOrEqual(root?.total ?? 0)
  expect(await ask('/does/not/exist')).toBeNull()
  expect(clock.timerCount()).toBe(0)
})
