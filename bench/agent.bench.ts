// What an agent costs its machine, connected and at default intervals, without terminals and with five of them that have shown much; against a
// bare Node of the same version that waits. Memory and processor time as Linux counts them.
import { until } from '@sindri/e2e/kit/processes'
import { openWorld } from '@sindri/e2e/kit/world'
import { LIMITS } from '@sindri/schema/contract/limits'
import { spawn } from 'node:child_process'
import { print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import { usageOf } from './kit/usage.ts'
import { writeScript } from './terminal/script.ts'

const TERMINALS = 5
/** Its start is over, and what it took for it is given back. */
const SETTLE_S = 20
const SECONDS = 120
const MiB = 2 ** 20
/** Fills the ring of a terminal twice. */
const FLOOD_BYTES = 2 * LIMITS.terminalRingBytes

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

/** Over a time in which nobody asks for anything. */
async function idle(pid: number) {
  await pause(SETTLE_S)
  const before = usageOf(pid)
  await pause(SECONDS)
  const { cpuMs, rssMiB, anonymousMiB } = usageOf(pid)
  return { rssMiB, anonymousMiB, cpuPercent: (cpuMs - before.cpuMs) / SECONDS / 10 }
}

async function bareNode() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], { stdio: 'ignore' })
  try {
    await pause(SETTLE_S)
    return usageOf(child.pid ?? 0)
  } finally {
    child.kill()
  }
}

const world = await openWorld()
const viewer = startRole('terminal/viewer.ts')
try {
  const api = await world.api()
  const began = performance.now()
  const agent = world.startAgent('idle')
  await until('its first sample', async () => {
    const { instances } = await api.ask('{ instances { edges { node { latest { at } } } } }')
    return instances.edges[0]?.node.latest
  })
  const firstSampleMs = performance.now() - began
  const { id: instanceId } = await world.running('idle')
  const bare = await bareNode()
  const without = await idle(agent.pid)

  await viewer.ask('signIn', { url: world.url, cookie: api.cookie() })
  const script = writeScript(world.folder, 'fill', `head -c ${FLOOD_BYTES} /dev/zero | tr '\\0' x\nexec sleep 3600`)
  for (let i = 0; i < TERMINALS; i++) {
    await viewer.ask('ready', { instanceId, script })
    await viewer.ask('read', { bytes: FLOOD_BYTES })
  }
  const withTerminals = await idle(agent.pid)
  await viewer.ask('end')
  await viewer.ask('close')

  const beyondRingMiB = (withTerminals.anonymousMiB - without.anonymousMiB) / TERMINALS - LIMITS.terminalRingBytes / MiB
  const ratio = without.rssMiB / bare.rssMiB
  print({
    bench: 'agent',
    figures: {
      'RSS, MiB': without.rssMiB,
      'anonymous memory, MiB': without.anonymousMiB,
      'processor, % of a core': without.cpuPercent,
      [`RSS with ${TERMINALS} terminals, MiB`]: withTerminals.rssMiB,
      [`anonymous memory with ${TERMINALS} terminals, MiB`]: withTerminals.anonymousMiB,
      [`processor with ${TERMINALS} terminals, % of a core`]: withTerminals.cpuPercent,
      'from its start to its first sample, s': firstSampleMs / 1000,
    },
    baselines: { 'bare Node, RSS, MiB': bare.rssMiB, 'bare Node, anonymous memory, MiB': bare.anonymousMiB },
    ratios: { 'RSS / bare Node': ratio },
    goals: [
      { name: 'RSS / bare Node', figure: ratio, goal: 1.6, kind: 'max' },
      {
        name: 'anonymous memory beyond bare Node, MiB',
        figure: without.anonymousMiB - bare.anonymousMiB,
        goal: 10,
        kind: 'max',
      },
      { name: 'a terminal beyond its ring, MiB', figure: beyondRingMiB, goal: 2, kind: 'max' },
      { name: 'processor, % of a core', figure: without.cpuPercent, goal: 0.05, kind: 'max' },
      { name: 'first sample, s', figure: firstSampleMs / 1000, goal: 1, kind: 'max' },
    ],
  })
} finally {
  await viewer.end()
  await world.end()
}
