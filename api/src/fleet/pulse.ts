// The fleet as it changes: one reader for all who watch, and for each at most one message in 2 s with only what is another than before.
import type { FleetChange } from '@sindri/schema'
import type { Clock, Undo } from '../platform/clock.ts'
import type { Db } from '../platform/db.ts'
import type { Log } from '../platform/log.ts'
import { createQueue } from '../platform/queue.ts'
import { type Member, readChanged, readMembers, toLoad } from './load.ts'

interface Deps {
  db: Pick<Db, 'query'>
  clock: Clock
  log: Log
}

const everyMs = 2_000
/** A row becomes visible with its commit, some time after the stamp it carries. What comes later still, the whole reading finds. */
const overlapMs = 8_000
const wholeEveryMs = 30_000
/** However large the fleet, reading it takes no more than a twentieth of the time: on the embedded database nothing else runs meanwhile. */
const restPerWork = 19

/** What a watcher was not told yet; null: it is gone. Never larger than the fleet, however slow the watcher is. */
type Untold = Map<string, Member | null>

interface Beat {
  /** As all watchers know it, or will by what they were not told yet. */
  known: Map<string, Member>
  watchers: Set<{ untold: Untold; wake(): void }>
  /** The first reading. */
  ready: Promise<unknown>
  cancel: Undo
}

const isSame = (a: Member, b: Member): boolean =>
  a.status === b.status &&
  a.cpu === b.cpu &&
  a.memory === b.memory &&
  a.disk === b.disk &&
  a.network === b.network &&
  a.name === b.name &&
  a.provider === b.provider

const toChange = (untold: Untold): FleetChange => ({
  load: toLoad([...untold.values()].filter((member) => member !== null)),
  removed: [...untold].filter(([, member]) => member === null).map(([id]) => id),
})

/** Notes what differs from what is known. */
const compare = (known: Map<string, Member>, id: string, member: Member | null, untold: Untold): void => {
  const before = known.get(id)
  if (member ? before && isSame(before, member) : !before) return
  if (member) known.set(id, member)
  else known.delete(id)
  untold.set(id, member)
}

/**
 * The database is asked, not the bus: one narrow statement says how thousands are now, where notices would come by the hundred each
 * second and still have to be looked up. It runs only while somebody watches.
 */
export const createPulse = ({ db, clock, log }: Deps): (() => Promise<AsyncIterable<FleetChange>>) => {
  let beating: Beat | undefined

  const begin = (): Beat => {
    let since = new Date(0)
    let wholeMs = clock.monotonicMs()

    const read = async (whole: boolean): Promise<void> => {
      const [row] = await db.query<{ now: Date }>('select now() as now')
      const untold: Untold = new Map()
      if (whole) {
        wholeMs = clock.monotonicMs()
        const members = await readMembers(db)
        const there = new Set(members.map(({ id }) => id))
        for (const id of beat.known.keys()) if (!there.has(id)) compare(beat.known, id, null, untold)
        for (const member of members) compare(beat.known, member.id, member, untold)
      } else {
        for (const { id, member } of await readChanged(db, since)) compare(beat.known, id, member, untold)
      }
      since = new Date((row?.now.getTime() ?? 0) - overlapMs)
      if (untold.size === 0) return
      for (const watcher of beat.watchers) {
        for (const [id, member] of untold) watcher.untold.set(id, member)
        watcher.wake()
      }
    }

    const later = (waitMs: number): void => {
      if (beat.watchers.size > 0) beat.cancel = clock.after(waitMs, () => void turn())
    }
    const turn = async (): Promise<void> => {
      const startedMs = clock.monotonicMs()
      try {
        await read(startedMs - wholeMs >= wholeEveryMs)
      } catch (error) {
        log.debug('the load of the fleet could not be read; it is tried again', { error })
      }
      later(Math.max(everyMs, restPerWork * (clock.monotonicMs() - startedMs)))
    }

    const beat: Beat = { known: new Map(), watchers: new Set(), ready: Promise.resolve(), cancel: () => {} }
    // What is there at the beginning is no news: nobody is told.
    beat.ready = read(true).then(() => {
      for (const { untold } of beat.watchers) untold.clear()
      later(everyMs)
    })
    return beat
  }

  return async () => {
    const beat = (beating ??= begin())
    const signals = createQueue<true>({
      policy: { kind: 'keepLatest' },
      onEnd: () => {
        beat.watchers.delete(watcher)
        if (beat.watchers.size > 0) return
        beat.cancel()
        if (beating === beat) beating = undefined
      },
    })
    const watcher = { untold: new Map() as Untold, wake: () => void signals.push(true) }
    beat.watchers.add(watcher)
    try {
      await beat.ready
    } catch (error) {
      await signals.return()
      throw error
    }
    const changes: AsyncIterableIterator<FleetChange, undefined> = {
      async next() {
        for (;;) {
          const { done } = await signals.next()
          if (done) return { done, value: undefined }
          if (watcher.untold.size === 0) continue
          const value = toChange(watcher.untold)
          watcher.untold.clear()
          return { done: false, value }
        }
      },
      async return() {
        await signals.return()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => changes,
    }
    return changes
  }
}
