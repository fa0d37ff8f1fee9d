// Says at each interval that the agent lives, and what has changed of its machine since the console last heard.
import type { Clock, Undo } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Changes } from '../heartbeat/changes.ts'
import { type FactsInput, HeartbeatDocument } from './gql/graphql.ts'
import type { Link } from './openLink.ts'

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
}

export function startHeartbeat({ link, clock, log, intervalMs, startedMs, facts, changes, notices }: HeartbeatDeps): Undo {
  let stopped = false
  let busy = false
  let told: string | null = null

  async function beat(): Promise<void> {
    // One that is late is not overtaken by the next.
    if (busy) return
    busy = true
    try {
      const present = await facts()
      const fresh = notices()
      const freshText = JSON.stringify(fresh)
      const changed = changes.since(present)
      await link.ask(HeartbeatDocument, {
        input: {
          uptimeSeconds: (clock.monotonicMs() - startedMs) / 1000,
          intervalMs,
          ...(changed && { facts: changed }),
          ...(freshText !== told && { notices: fresh }),
        },
      })
      changes.acknowledge(present)
      told = freshText
    } catch (error) {
      if (!stopped) log.warn('heartbeat was not taken', { error })
    } finally {
      busy = false
    }
  }

  void beat()
  const undo = clock.every(intervalMs, () => void beat())
  return () => {
    stopped = true
    undo()
  }
}
