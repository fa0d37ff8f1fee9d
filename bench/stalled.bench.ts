// A viewer whose program writes 400 MB and who stops reading: what console and agent come to hold, and what another terminal of the same
// machine feels of it.
import { until } from '@sindri/e2e/kit/processes'
import { openWorld } from '@sindri/e2e/kit/world'
import { LIMITS } from '@sindri/schema/contract/limits'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { percentile, print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import { usageOf, watchMemory } from './kit/usage.ts'
import { ECHO } from './terminal/echo.ts'
import { writeScript } from './terminal/script.ts'

const MB = 400
const WARM_MB = 32
const WITHIN_MS = 240_000
/** Less than a socket that stands still is allowed. */
const SETTLE_MS = 5_000
const ringMiB = LIMITS.terminalRingBytes / 2 ** 20

const world = await openWorld()
const [stalled, page] = [startRole('terminal/viewer.ts'), startRole('terminal/viewer.ts')]
try {
  const agent = world.startAgent('flood')
  const { id: instanceId } = await world.running('flood')
  const credential = { url: world.url, cookie: (await world.api()).cookie() }
  for (const role of [stalled, page]) await role.ask('signIn', credential)
  const flood = (mb: number): string => `head -c ${mb}000000 /dev/zero | tr '\\0' x`

  // What a flood that is read makes both of them hold is not counted.
  const warm = writeScript(world.folder, 'warm', flood(WARM_MB))
  await stalled.ask('ready', { instanceId, script: warm })
  await stalled.ask('read', { bytes: WARM_MB * 1e6 })
  const echo = writeScript(world.folder, 'echo', ECHO)
  const before = await page.ask<number[]>('echo', { instanceId, script: echo })

  const processes = { console: world.console().pid, agent: agent.pid }
  const held = { console: usageOf(processes.console), agent: usageOf(processes.agent) }
  const most = { console: watchMemory(processes.console), agent: watchMemory(processes.agent) }
  const end = path.join(world.folder, 'end')
  const began = performance.now()
  await stalled.ask('stall', {
    instanceId,
    script: writeScript(world.folder, 'stalled', `${flood(MB)}\ntouch ${end}\nsleep 3600`),
  })
  const meanwhile = await page.ask<number[]>('echo', { instanceId, script: echo })
  await until('all of it to be written', () => existsSync(end), WITHIN_MS)
  const seconds = (performance.now() - began) / 1000
  const peak = {
    console: most.console().anonymousMiB - held.console.anonymousMiB,
    agent: most.agent().anonymousMiB - held.agent.anonymousMiB,
  }
  // Garbage of those who go on is no queue of the one who does not.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const grown = {
    console: usageOf(processes.console).anonymousMiB - held.console.anonymousMiB,
    agent: usageOf(processes.agent).anonymousMiB - held.agent.anonymousMiB,
  }
  const [echoBefore, echoMeanwhile] = [percentile(before, 0.99), percentile(meanwhile, 0.99)]
  print({
    bench: `stalled, ${MB} MB`,
    figures: {
      'until all was written, s': seconds,
      'console beyond before, MiB': grown.console,
      'agent beyond before, MiB': grown.agent,
      'console at its peak, garbage included, MiB': peak.console,
      'agent at its peak, garbage included, MiB': peak.agent,
      'echo of another terminal meanwhile, p50 ms': percentile(meanwhile, 0.5),
      'echo of another terminal meanwhile, p99 ms': echoMeanwhile,
    },
    baselines: { 'echo before, p50 ms': percentile(before, 0.5), 'echo before, p99 ms': echoBefore },
    ratios: { 'echo meanwhile / before, p99': echoMeanwhile / echoBefore },
    goals: [
      { name: 'console beyond before, MiB', figure: grown.console, goal: 8, kind: 'max' },
      { name: 'agent beyond before, MiB', figure: grown.agent, goal: ringMiB, kind: 'max' },
      { name: 'echo of another terminal meanwhile, p99 ms', figure: echoMeanwhile, goal: 15, kind: 'max' },
    ],
  })
} finally {
  await Promise.all([stalled.end(), page.end()])
  await world.end()
}
