// A machine that does not exist: facts that a filter can find, and counters that move as those of a machine at work do.
import type { Facts } from '@sindri/agent/heartbeat/facts'
import type { CpuTimes, Reader } from '@sindri/agent/metrics/reading'
import type { Clock } from '@sindri/agent/platform/clock'

export interface Machine {
  facts: Facts
  /** What its counters say now. */
  read: Reader
}

const GiB = 2 ** 30
const MiB = 2 ** 20

const PLACES = {
  ams: { latitude: 52.37, longitude: 4.9, label: 'Amsterdam' },
  fra: { latitude: 50.11, longitude: 8.68, label: 'Frankfurt' },
  iad: { latitude: 38.95, longitude: -77.45, label: 'Ashburn' },
  sjc: { latitude: 37.36, longitude: -121.93, label: 'San Jose' },
  sin: { latitude: 1.35, longitude: 103.82, label: 'Singapore' },
  gru: { latitude: -23.43, longitude: -46.47, label: 'São Paulo' },
} as const
type Place = keyof typeof PLACES

const PROVIDERS: readonly (readonly [name: string, places: readonly Place[]])[] = [
  ['fly', ['ams', 'fra', 'iad', 'sjc', 'sin', 'gru']],
  ['kubernetes', ['fra', 'iad']],
  ['docker', ['ams', 'fra']],
  ['e2b', ['iad', 'sjc']],
  ['devpod', ['ams', 'sin']],
]
const TEAMS = ['atlas', 'borealis', 'cinder', 'dune', 'ember', 'fjord', 'grove', 'harbor']
const STAGES = ['dev', 'dev', 'ci', 'preview', 'prod']
const EXTENSIONS = [
  ['nodejs', '24.9.0', 'node'],
  ['python', '3.14.0', 'python'],
  ['rust', '1.91.1', 'cargo'],
  ['golang', '1.25.4', 'go'],
  ['docker', '29.0.2', 'docker'],
] as const
const PROCESSES = ['node', 'tsserver', 'cargo', 'rustc', 'python', 'postgres', 'dockerd', 'go', 'sshd', 'bash']

/** mulberry32: the same machine each time for the same seed; quality beyond that is not needed. */
const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))

export function createMachine(name: string, seed: number, clock: Clock): Machine {
  const random = randomOf(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const [provider, places] = PROVIDERS[seed % PROVIDERS.length] as (typeof PROVIDERS)[number]
  const region = pick(places)
  const installed = EXTENSIONS.filter(() => random() < 0.45)
  const facts: Facts = {
    provider,
    region,
    tags: [
      { key: 'simulated', value: 'swarm' },
      { key: 'team', value: pick(TEAMS) },
      { key: 'stage', value: pick(STAGES) },
    ],
    hostname: `${name}.simulated`,
    os: 'linux',
    arch: random() < 0.3 ? 'arm64' : 'x64',
    distro: random() < 0.7 ? 'debian' : 'ubuntu',
    agentVersion: '0.1.0-swarm',
    extensions: installed.map(([extension, version]) => ({ name: extension, version, state: 'installed' })),
    yamlHash: null,
    bom: installed.map(([extension, version, tool]) => ({ name: tool, version, extension })),
    sshEndpoint: null,
    geo: PLACES[region],
  }

  // Most machines idle, some work, few are at their limit: a load map of equals would show nothing.
  const appetite = random() ** 3
  const periodS = 120 + random() * 1_800
  const phase = random() * 2 * Math.PI
  const memoryShare = 0.15 + 0.75 * random()
  const memoryTotal = pick([4, 8, 16, 32, 64]) * GiB
  const cores: CpuTimes[] = Array.from({ length: pick([2, 4, 4, 8, 16]) }, () => ({ busy: 0, steal: 0, total: 0 }))
  const disks = (random() < 0.3 ? ['/', '/workspace'] : ['/']).map((mountPoint, index) => {
    const total = pick([20, 50, 100, 250]) * GiB
    return {
      mountPoint,
      device: `/dev/vd${'ab'[index]}`,
      total,
      used: total * (0.1 + 0.85 * random()),
      read: 0,
      written: 0,
    }
  })
  const wires = ['lo', 'eth0'].map((wire) => ({ name: wire, rx: 0, tx: 0 }))
  const processes = Array.from({ length: 10 }, (_, index) => ({
    pid: 300 + index * 37,
    name: pick(PROCESSES),
    seconds: 0,
    memory: (40 + 400 * random()) * MiB,
    weight: random() ** 2,
  }))
  const weights = processes.reduce((sum, { weight }) => sum + weight, 0)
  const bornMs = clock.monotonicMs()
  const uptimeS = 3_600 + random() * 2_000_000
  let heardMs = bornMs
  let drift = 0

  return {
    facts,
    async read() {
      const nowMs = clock.monotonicMs()
      const seconds = (nowMs - heardMs) / 1000
      heardMs = nowMs
      const wave = Math.sin((2 * Math.PI * (nowMs - bornMs)) / 1000 / periodS + phase)
      drift = clamp(drift + (random() - 0.5) * 0.1, -0.15, 0.15)
      const burst = random() < 0.03 ? 0.5 : 0
      const load = clamp(0.02 + appetite * (0.7 + 0.3 * wave) + drift * appetite + burst, 0.005, 1)

      for (const core of cores) {
        core.total += seconds
        core.busy += seconds * clamp(load * (0.6 + 0.8 * random()), 0, 1)
        core.steal += seconds * 0.01 * random()
      }
      for (const disk of disks) {
        disk.read += seconds * load * 4 * MiB * random()
        disk.written += seconds * load * 2 * MiB * random()
        disk.used = clamp(disk.used + seconds * load * 20_000 * (random() - 0.45), 0, 0.99 * disk.total)
      }
      for (const wire of wires) {
        wire.rx += Math.round(seconds * (2_000 + load * 3 * MiB * random()))
        wire.tx += Math.round(seconds * (1_000 + load * MiB * random()))
      }
      for (const one of processes) one.seconds += (seconds * load * cores.length * one.weight) / weights

      const used = Math.round(memoryTotal * clamp(memoryShare + 0.08 * wave + drift / 3, 0.05, 0.98))
      const cached = Math.round((memoryTotal - used) * 0.6)
      const sum = (of: (core: CpuTimes) => number): number => cores.reduce((total, core) => total + of(core), 0)
      return {
        monotonicMs: nowMs,
        cpu: {
          all: { busy: sum(({ busy }) => busy), steal: sum(({ steal }) => steal), total: sum(({ total }) => total) },
          cores: cores.map((core) => ({ ...core })),
        },
        load: [load, load * 0.95, load * 0.9].map((each) => Number((each * cores.length).toFixed(2))) as [
          number,
          number,
          number,
        ],
        memory: {
          total: memoryTotal,
          used,
          free: memoryTotal - used - cached,
          cached,
          available: memoryTotal - used,
          swapTotal: 0,
          swapUsed: 0,
        },
        disks: disks.map((disk) => ({
          mountPoint: disk.mountPoint,
          device: disk.device,
          fsType: 'ext4',
          total: disk.total,
          used: Math.round(disk.used),
          free: disk.total - Math.round(disk.used),
          readBytes: Math.round(disk.read),
          writtenBytes: Math.round(disk.written),
        })),
        network: wires.map((wire) => ({
          name: wire.name,
          rxBytes: wire.rx,
          txBytes: wire.tx,
          rxPackets: Math.round(wire.rx / 900),
          txPackets: Math.round(wire.tx / 900),
        })),
        processCount: 80 + Math.round(120 * load),
        processes: new Map(
          processes.map((one) => [
            one.pid,
            {
              name: one.name,
              start: '1',
              cpuSeconds: one.seconds,
              cpuPercent: null,
              memoryBytes: Math.round(one.memory * (1 + 0.2 * wave)),
            },
          ]),
        ),
        uptimeSeconds: Math.round(uptimeS + (nowMs - bornMs) / 1000),
        cgroup: null,
      }
    },
  }
}
