// Says at each interval that the agent lives, and what has changed of its machine since the console last heard; hears what time it is there.
import type { Clock, Undo } from '../platform/clock.ts'
import type { Told } from '../platform/consoleTime.ts'
import type { Log } from '../platform/log.ts'
import type { Changes } from '../heartbeat/changes.ts'
import { type FactsInput, HeartbeatDocument } from './gql/graphql.ts'
import type { Link } from './openLink.ts'
import { Refused } from './refused.ts'

export interface HeartbeatDeps {
  link: Pick<Link, 'ask'>
  clock: Clock
  log: Log
  intervalMs: number
  /** Monotonic time at which the agent began. */
  startedMs: number
  facts: () => Promise<FactsInput>
  changes: Changes<FactsInput>
  notices: () => string[]
  onTold: (told: Told) => void
}

export function startHeartbeat({
  link,
  clock,
  log,
  intervalMs,
  startedMs,
  facts,
  changes,
  notices,
  onTold,
}: HeartbeatDeps): Undo {
  let stopped = false
  let busy = false
  let told: string | null = null

  async function beat(): Promise<void> {
    // One that is late is not overtaken by the next.
    if (busy) return
    busy = true
    try {
      await tell()
    } catch (error) {
      if (!stopped) log.warn('heartbeat was not taken', { error })
    } finally {
      busy = false
    }
  }

  async function tell(): Promise<void> {
    const present = await facts()
    if (stopped) return
    const fresh = notices()
    const freshText = JSON.stringify(fresh)
    const changed = changes.since(present)
    const input = {
      uptimeSeconds: (clock.monotonicMs() - startedMs) / 1000,
      intervalMs,
      ...(changed && { facts: changed }),
      ...(freshText !== told && { notices: fresh }),
    }
    const askedMs = clock.monotonicMs()
    try {
      const { heartbeat } = await link.ask(HeartbeatDocument, { input })
      onTold({ consoleTimeMs: Date.parse(heartbeat), askedMs, heardMs: clock.monotonicMs() })
    } catch (error) {
      const isNews = input.facts !== undefined || input.notices !== undefined
      if (!isNews || !(error instanceof Refused) || !['BAD_INPUT', 'BAD_QUERY'].includes(error.code)) throw error
      // It would be refused each time: the life of this machine is told without it, until it changes again.
      log.error('the console refuses what is new of this machine', { error })
    }
    changes.acknowledge(present)
    told = freshText
  }

  void beat()
  const undo = clock.every(intervalMs, () => void beat())
  return () => {
    stopped = true
    undo()
  }
}
