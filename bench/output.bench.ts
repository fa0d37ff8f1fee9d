// How fast a flood of output comes from the program through agent and console to a viewer; against a bare read of the same PTY. What a terminal costs
// until it waits for its first key is not counted, and console, agent and viewer are warm.
import { openWorld } from '@sindri/e2e/kit/world'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type Goal, percentile, print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import { usageOf } from './kit/usage.ts'
import { readBare } from './terminal/bare.ts'
import { writeScript } from './terminal/script.ts'

const CAT_BYTES = 32 * 1024 * 1024
const TIMES = 5
/** Of each flood before, which warm the compilers up: they are not done with the first. */
const WARM = 4
const MB = 1e6

const world = await openWorld()
const viewer = startRole('terminal/viewer.ts')
try {
  const text = path.join(world.folder, 'text')
  const line = `${'The quick brown fox jumps over the lazy dog. '.repeat(2).slice(0, 79)}\n`
  writeFileSync(text, line.repeat(Math.ceil(CAT_BYTES / line.length)).slice(0, CAT_BYTES))
  const floods = [
    { name: 'cat', what: 'cat of 32 MB', body: `exec cat ${text}`, goal: 0.7 },
    { name: 'seq', what: 'seq 1 2000000', body: 'exec seq 1 2000000', goal: 0.9 },
  ]
  const agent = world.startAgent('flood')
  const { id: instanceId } = await world.running('flood')
  await viewer.ask('signIn', { url: world.url, cookie: (await world.api()).cookie() })

  const figures: Record<string, number> = {}
  const baselines: Record<string, number> = {}
  const ratios: Record<string, number> = {}
  const goals: Goal[] = []
  for (const { name, what, body, goal } of floods) {
    const script = writeScript(world.folder, name, body)
    const runs: { through: number; bare: number; console: number; agent: number }[] = []
    for (let i = 0; i < WARM + TIMES; i++) {
      const { bytes, ms } = await readBare(script)
      await viewer.ask('ready', { instanceId, script })
      const before = [world.console().pid, agent.pid].map(usageOf)
      const tookMs = await viewer.ask<number>('read', { bytes })
      const after = [world.console().pid, agent.pid].map(usageOf)
      const [ofConsole = 0, ofAgent = 0] = after.map(({ cpuMs }, index) => cpuMs - (before[index]?.cpuMs ?? 0))
      const mb = bytes / MB
      if (i >= WARM)
        runs.push({
          through: mb / (tookMs / 1000),
          bare: mb / (ms / 1000),
          console: ofConsole / mb,
          agent: ofAgent / mb,
        })
    }
    const median = (of: (run: (typeof runs)[number]) => number): number => percentile(runs.map(of), 0.5)
    figures[`${what}, MB/s`] = median(({ through }) => through)
    figures[`${what}, processor of the console, ms per MB`] = median((run) => run.console)
    figures[`${what}, processor of the agent, ms per MB`] = median((run) => run.agent)
    baselines[`${what}, bare PTY, MB/s`] = median(({ bare }) => bare)
    const ratio = median(({ through, bare }) => through / bare)
    ratios[`${what} / bare`] = ratio
    goals.push(
      { name: `${what} / bare`, figure: ratio, goal, kind: 'min' },
      {
        name: `${what}, processor of the console, ms per MB`,
        figure: median((run) => run.console),
        goal: 3.5,
        kind: 'max',
      },
    )
  }
  await viewer.ask('close')
  print({ bench: 'output', figures, baselines, ratios, goals })
} finally {
  await viewer.end()
  await world.end()
}
