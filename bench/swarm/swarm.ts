// Many simulated agents in one process: they come a few at a time, live by themselves, and end together.
import type { Clock } from '@sindri/agent/platform/clock'
import type { Log } from '@sindri/agent/platform/log'
import { appendFileSync } from 'node:fs'
import { type SimulatedAgent, startSimulatedAgent } from './agent.ts'
import type { SwarmOptions } from './arguments.ts'
import { openIdentities } from './identities.ts'
import { createMachine } from './machine.ts'

export interface Figures {
  enrolled: number
  linked: number
  /** Records that the console has stored, and those it has refused. */
  stored: number
  refused: number
  /** Agents that cannot go on by themselves. */
  ended: number
}

export interface Swarm {
  figures(): Figures
  /** Resolves when no agent goes on, or none ever will, with the reason. */
  readonly over: Promise<string>
  /** Nobody comes any more; then all links end. */
  stop(): Promise<void>
}

export interface SwarmDeps {
  options: SwarmOptions
  clock: Clock
  log: Log
  random: () => number
}

/** On their way to their first link at the same moment; those who are told to wait hold their place. */
const arrivingMax = 32

/** swarm-0001: of one width, so that names sort as they count. */
const nameOf = (prefix: string, number: number, of: number): string =>
  `${prefix}-${String(number).padStart(Math.max(4, String(of).length), '0')}`

export async function startSwarm({ options, clock, log, random }: SwarmDeps): Promise<Swarm> {
  const identities = await openIdentities(options.keep, clock)
  const figures: Figures = { enrolled: 0, linked: 0, stored: 0, refused: 0, ended: 0 }
  const note: (...words: (string | number)[]) => void = options.log
    ? (...words) => appendFileSync(options.log as string, `${words.join(' ')}\n`)
    : () => {}
  const agents: SimulatedAgent[] = []
  const over = Promise.withResolvers<string>()
  let stopping = false
  let welcome = false
  let next = 1

  /** A name that another key holds would be waited for without end. */
  const warn: Log['warn'] = (message, fields) => {
    if (fields?.['code'] === 'INSTANCE_EXISTS')
      over.resolve(
        `${String(fields['reason'])} A swarm returns by its --keep folder; another --prefix makes other instances.`,
      )
    else log.warn(message, fields)
  }

  /** Resolves when it has its first link, or will never have one. */
  async function arrive(number: number): Promise<void> {
    const name = nameOf(options.prefix, number, options.agents)
    const linked = Promise.withResolvers<void>()
    const state = identities.of(name, () => void figures.enrolled++)
    if (state.enrolment()) figures.enrolled++
    const agent = await startSimulatedAgent({
      name,
      options,
      state,
      machine: createMachine(name, number, clock),
      clock,
      log: { ...log, warn },
      random,
      onLink(isUp) {
        welcome = true
        figures.linked += isUp ? 1 : -1
        linked.resolve()
      },
      onAnswered(stored, refused) {
        figures.stored += stored
        figures.refused += refused
      },
      onRecord: (stream, { run, seq }, outcome) => note(name, stream, run, seq, outcome),
    })
    agents.push(agent)
    if (stopping) await agent.stop()
    void agent.ended.then(({ kind, message }) => {
      linked.resolve()
      if (kind === 'stopped') return
      figures.ended++
      log.error('an agent has ended', { instance: name, reason: message })
      if (!welcome || figures.ended === options.agents) over.resolve(message)
    })
    await linked.promise
  }

  const follow = async (): Promise<void> => {
    while (!stopping && next <= options.agents) await arrive(next++)
  }
  // The first one knocks alone: a wrong secret is told once, not by thousands.
  const arrivals = arrive(next++)
    .then(() => Promise.all(Array.from({ length: arrivingMax }, follow)))
    .catch((error: unknown) => over.resolve((error as Error).message))

  return {
    figures: () => ({ ...figures }),
    over: over.promise,
    async stop() {
      stopping = true
      await Promise.all(agents.map((agent) => agent.stop()))
      await arrivals
      identities.close()
    },
  }
}
