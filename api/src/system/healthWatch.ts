// How this console is, for everybody who watches: it is asked on their behalf while there is anybody, and they hear what changed.
import type { Health, HealthPart } from '@sindri/schema'
import type { Clock, Undo } from '../platform/clock.ts'
import { createQueue, type Queue } from '../platform/queue.ts'
import type { Readiness } from '../platform/readiness.ts'

const ASK_EVERY_MS = 5_000

export interface HealthWatch {
  now(): Promise<Health>
  /** As it is, then whenever it is another. */
  changes(): AsyncIterableIterator<Health>
}

/** `readiness` answers within two seconds, and never rejects. */
export const createHealthWatch = (readiness: () => Promise<Readiness>, clock: Clock): HealthWatch => {
  const readers = new Set<Queue<Health>>()
  let last: { health: Health; key: string } | undefined
  let stop: Undo | undefined
  let asking = false

  const now = async (): Promise<Health> => toHealth(await readiness())

  const look = async (): Promise<void> => {
    if (asking) return
    asking = true
    const health = await now()
    asking = false
    if (readers.size === 0) return
    // How long an answer took is another one each time.
    const key = [health.state, ...health.parts.map(({ isUp }) => isUp)].join(' ')
    const isNew = key !== last?.key
    last = { health, key }
    if (isNew) for (const reader of readers) reader.push(health)
  }

  return {
    now,
    changes() {
      const reader = createQueue<Health>({
        policy: { kind: 'keepLatest' },
        onEnd() {
          readers.delete(reader)
          if (readers.size > 0) return
          stop?.()
          // What nobody watched may have changed.
          stop = last = undefined
        },
      })
      readers.add(reader)
      if (last) reader.push(last.health)
      else void look()
      stop ??= clock.every(ASK_EVERY_MS, () => void look())
      return reader
    },
  }
}

const toHealth = ({ state, parts }: Readiness): Health => ({
  state: state.toUpperCase() as Health['state'],
  parts: Object.entries(parts).map(([name, part]) => ({
    name: name.toUpperCase() as HealthPart['name'],
    isUp: part.state === 'up',
    tookMs: part.tookMs ?? null,
    reason: part.reason ?? null,
  })),
})
