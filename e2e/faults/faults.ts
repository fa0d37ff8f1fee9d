// Every fault: to whom it may be done, how, and how it ends.
import { existsSync, rmSync, writeSync, openSync, closeSync } from 'node:fs'
import path from 'node:path'
import type { Proc } from '../kit/processes.ts'
import { agents, consoles, type Rig, small } from './rig.ts'
import type { Choice } from './scheduler.ts'
import { type Service, tellRedis } from './services.ts'
import type { Work } from './work.ts'

export interface Fault extends Choice {
  /** Begins it; what it resolves with ends it, and may say what came of it. */
  do(rig: Rig, work: Work, target: string): Promise<() => Promise<string | void> | string | void>
  /** Why it cannot be done on this machine. */
  missing?: (rig: Rig) => string | null
}

const machines = [...consoles, ...agents, 'redis', 'postgres']
const wires = [...consoles.flatMap((who) => [`${who}→postgres`, `${who}→redis`]), 'agents→consoles', 'pages→consoles']
const topics = [
  'order',
  'terminal.frames',
  'terminal.replay',
  'attachment.taken',
  'terminal.changed',
  'terminal.listed',
  'command.asked',
  'command.listed',
  'command.output',
  'instance.changed',
  'metric.sampled',
  'event.recorded',
  'access.ended',
]
const isService = (who: string): boolean => who === 'redis' || who === 'postgres'
const isAgent = (who: string): boolean => (agents as readonly string[]).includes(who)
const [longer, brief] = [[5_000, 12_000] as const, [200, 1_000] as const]

/** At each console one; the undo says how many were. */
const loseOne = (rig: Rig, topic: string, which: 'next' | 'last') => {
  const undos = [...rig.losses.values()].map((loss) => loss.lose(topic, which))
  return (): string => {
    const lost = undos.map((undo) => undo()).filter(Boolean).length
    return lost > 0 ? `${lost} lost` : 'none came'
  }
}

const onWire =
  (act: (wire: NonNullable<ReturnType<Rig['wires']['get']>>) => unknown, undo: 'mend' | 'resume' | 'straight') =>
  async (rig: Rig, _: Work, target: string) => {
    const wire = rig.wires.get(target.replace(/ (there|back)$/, '')) as NonNullable<ReturnType<Rig['wires']['get']>>
    await act(wire)
    return async () => {
      if (undo === 'straight') wire.delay(0)
      else await wire[undo]()
    }
  }
const oneWay = (direction: 'there' | 'back'): Fault => ({
  kind: `half open, nothing ${direction}`,
  targets: wires,
  do: onWire((wire) => wire.stall(direction), 'resume'),
})

export const faults: readonly Fault[] = [
  {
    kind: 'kill -9',
    targets: machines,
    times: 2,
    async do(rig, work, target) {
      const ended = isAgent(target) ? work.endsShellsOf(target) : null
      if (isService(target)) await (rig.process(target) as Service).kill()
      else await (rig.process(target) as Proc).end('SIGKILL')
      ended?.()
      return async () => {
        if (isService(target)) await (rig.process(target) as Service).start()
        else if (isAgent(target)) rig.startAgent(target)
        else await rig.restartConsole(target)
      }
    },
  },
  {
    kind: 'stop and continue',
    targets: machines,
    times: 2,
    async do(rig, _, target) {
      const signal = (name: NodeJS.Signals): void =>
        isService(target)
          ? (rig.process(target) as Service).signal(name)
          : void (rig.process(target) as Proc).child.kill(name)
      signal('SIGSTOP')
      return () => signal('SIGCONT')
    },
  },
  { kind: 'cut', targets: wires, times: 2, do: onWire((wire) => wire.cut(), 'mend') },
  {
    // Beyond two heartbeats: agents are shown as silent, and simulated ones, which keep little, drop samples. A console without its database is
    // beyond what a replica that lives may leave unsaid.
    kind: 'cut for long',
    targets: ['agents→consoles', ...consoles.map((who) => `${who}→postgres`)],
    lengthMs: [35_000, 45_000],
    do: onWire((wire) => wire.cut(), 'mend'),
  },
  { kind: 'stall', targets: wires, do: onWire((wire) => wire.stall(), 'resume') },
  { kind: 'delay of 300 ms', targets: wires, do: onWire((wire) => wire.delay(300), 'straight') },
  oneWay('there'),
  oneWay('back'),
  {
    kind: 'stranded connections',
    targets: wires,
    lengthMs: brief,
    // Until either end finds out by itself.
    do: onWire((wire) => wire.strand(), 'resume'),
  },
  {
    kind: 'stranded, and the word of it lost',
    targets: ['link next'],
    holds: () => ['loss', 'agents→consoles'],
    // An agent takes a silent link for dead after 20 s, and comes back over another console.
    lengthMs: [25_000, 30_000],
    async do(rig) {
      rig.wires.get('agents→consoles')?.strand()
      return loseOne(rig, 'link', 'next')
    },
  },
  {
    kind: 'one message lost',
    targets: topics.flatMap((topic) => (['next', 'last'] as const).map((which) => `${topic} ${which}`)),
    times: 4,
    holds: () => ['loss'],
    async do(rig, work, target) {
      const [topic = '', which = ''] = target.split(' ')
      const undo = loseOne(rig, topic, which as 'next' | 'last')
      // With something else broken it may take long, or be refused.
      void work.provoke(topic)
      return undo
    },
    lengthMs: [4_000, 8_000],
  },
  {
    kind: 'CLIENT KILL TYPE pubsub',
    targets: ['redis'],
    lengthMs: brief,
    async do(rig) {
      const answer = await tellRedis(rig.redis.url, 'CLIENT KILL TYPE pubsub')
      return () => answer.replace(/^:/, 'clients: ')
    },
  },
  {
    kind: 'slow viewer',
    targets: ['writer', 'reader'],
    lengthMs: longer,
    do: async (_, work, target) => work.page(target).api.stopReading(),
  },
  {
    kind: 'page sleeps',
    targets: ['writer', 'reader'],
    lengthMs: longer,
    async do(_, work, target) {
      work.page(target).api.stopReading()
      return () => work.page(target).api.drop()
    },
  },
  {
    kind: 'page reload',
    targets: ['reader'],
    lengthMs: brief,
    async do(_, work, target) {
      work.page(target).api.drop()
      return () => work.reload(target)
    },
  },
  {
    kind: 'clock step',
    targets: [...consoles, ...agents].flatMap((who) => [`${who} +1h`, `${who} -1h`]),
    lengthMs: longer,
    holds: (target) => [`${target.split(' ')[0]}'s clock`],
    missing: (rig) => (rig.setClock ? null : 'libfaketime is not here'),
    async do(rig, _, target) {
      const [who = '', step] = target.split(' ')
      rig.setClock?.(who, step === '+1h' ? 3_600 : -3_600)
      return () => rig.setClock?.(who, 0)
    },
  },
  {
    kind: 'full disk',
    targets: [small],
    lengthMs: longer,
    missing: (rig) => (rig.hasSmallDisk ? null : 'no disk can be mounted here'),
    async do(rig, _, target) {
      const ballast = path.join(rig.stateOf(target), 'ballast')
      const file = openSync(ballast, 'w')
      const block = Buffer.alloc(64 * 1024)
      try {
        for (;;) writeSync(file, block)
      } catch {
        // It is full.
      }
      closeSync(file)
      return () => rmSync(ballast, { force: true })
    },
  },
  {
    kind: 'clone',
    targets: [...agents],
    lengthMs: longer,
    async do(rig, work, target) {
      // Those of the original end, since the clone does not know them, and its own with it.
      const undos = [work.endsShellsOf(target), work.hasClone(target)]
      const end = rig.clone(target)
      return async () => {
        await end()
        for (const undo of undos) undo()
      }
    },
  },
  {
    kind: 'spool deleted',
    targets: [...agents],
    lengthMs: brief,
    async do(rig, work, target) {
      work.losesSpoolOf(target)
      const spool = path.join(rig.stateOf(target), 'spool')
      const was = existsSync(spool)
      rmSync(spool, { recursive: true, force: true })
      return () => (was ? 'it was there' : 'there was none')
    },
  },
]
