import { expect, test } from 'vitest'
import { groupDirs, parseBytes, parseCpuMax, parseSelfCgroup, readCgroup } from './cgroup.ts'
import { parseMountinfo } from './mounts.ts'

const files = (content: Record<string, string>) => (path: string) => content[path] ?? null

test('limits as the kernel writes them', () => {
  expect(parseCpuMax('max 100000\n')).toBeNull()
  expect(parseCpuMax('150000 100000\n')).toBe(1.5)
  expect(parseCpuMax('-1 100000')).toBeNull()
  expect(parseCpuMax('')).toBeNull()
  expect(parseBytes('max\n')).toBeNull()
  expect(parseBytes('9223372036854771712\n')).toBeNull()
  expect(parseBytes('536870912\n')).toBe(536870912)
  expect([...parseSelfCgroup('4:cpu,cpuacct:/a\n0::/b:c\n')]).toEqual([
    ['cpu', '/a'],
    ['cpuacct', '/a'],
    ['', '/b:c'],
  ])
})

test('the groups from the own one up to the mount', () => {
  expect(groupDirs({ mountPoint: '/sys/fs/cgroup', root: '/' }, '/a/b')).toEqual([
    '/sys/fs/cgroup/a/b',
    '/sys/fs/cgroup/a',
    '/sys/fs/cgroup',
  ])
  expect(groupDirs({ mountPoint: '/cg', root: '/docker/x' }, '/docker/x')).toEqual(['/cg'])
  expect(groupDirs({ mountPoint: '/cg', root: '/../..' }, '/')).toEqual(['/cg'])
})

const v2 = parseMountinfo('31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate\n')

test('version 2: the tightest limit above the agent counts, and use is that of the group that holds it', () => {
  const read = files({
    '/sys/fs/cgroup/pod/box/cpu.max': 'max 100000',
    '/sys/fs/cgroup/pod/cpu.max': '200000 100000',
    '/sys/fs/cgroup/pod/box/memory.max': '4294967296',
    '/sys/fs/cgroup/pod/box/memory.current': '111',
    '/sys/fs/cgroup/pod/memory.max': '1073741824',
    '/sys/fs/cgroup/pod/memory.current': '600000000',
    '/sys/fs/cgroup/pod/memory.stat': 'anon 5\ninactive_file 100000000\nactive_file 7\n',
  })
  expect(readCgroup(v2, '0::/pod/box\n', read)).toEqual({
    cpuLimitCores: 2,
    memoryLimitBytes: 1073741824,
    memoryUsedBytes: 500000000,
  })
})

test('version 2 without limits, as on a host, tells nothing', () => {
  expect(
    readCgroup(v2, '0::/user.slice/session-1.scope\n', files({ '/sys/fs/cgroup/user.slice/memory.max': 'max\n' })),
  ).toBeNull()
  expect(readCgroup([], '0::/\n', files({}))).toBeNull()
})

test('version 1, mounted by controller, in a container that sees the path of its host', () => {
  const mounts = parseMountinfo(`32 31 0:29 /docker/x /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
`)
  const read = files({
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '50000\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes': '536870912\n',
    '/sys/fs/cgroup/memory/memory.usage_in_bytes': '300000000\n',
    '/sys/fs/cgroup/memory/memory.stat': 'cache 1\ninactive_file 1\ntotal_inactive_file 100000000\n',
  })
  expect(readCgroup(mounts, '4:memory:/docker/x\n1:cpu,cpuacct:/docker/x\n0::/\n', read)).toMatchObject({
    cpuLimitCores: 0.5,
    memoryLimitBytes: 536870912,
  })
})

test('version 1 without limits says so by numbers near 2^63, and tells nothing', () => {
  const mounts = parseMountinfo('35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n')
  expect(
    readCgroup(
      mounts,
      '4:memory:/a\n',
      files({ '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': '9223372036854771712\n' }),
    ),
  ).toBeNull()
})
