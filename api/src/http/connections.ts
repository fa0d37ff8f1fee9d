// Everybody who stays connected, by socket or stream: counted by principal, judged again when access ends, and told before the console goes.
import type { Origin, Viewer } from '@sindri/schema'
import { type Bus, gap } from '../platform/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { type AccessEnded, topics } from '../platform/topics.ts'
import type { Authenticate } from './viewer.ts'

/** What it came in with, for judging it again. */
export type Credential = { kind: 'session'; token: string } | { kind: 'key'; key: string } | { kind: 'agent' }

export interface Connection {
  readonly origin: Origin
  /** null until it has come in. */
  viewer: Viewer | null
  credential: Credential | null
  /** Resolves when nothing is being answered; what is watched is no answer. */
  idle(): Promise<void>
  readonly closed: Promise<void>
  close(name: 'UNAUTHENTICATED' | 'RESTARTING'): void
  /** Once a second: shows life, and ends what is silent or slow. `lateMs`: how much later than due it is called. */
  look(lateMs: number): void
}

export interface Connections {
  readonly draining: boolean
  /** Notices so far that somebody's access ended. */
  readonly endings: number
  /** Keeps it until it has closed. */
  add(connection: Connection): void
  /** Whether this principal has more than it may. */
  isTooMany(viewer: Viewer): boolean
  /** Closes it unless what it came in with still counts as it did. */
  judge(connection: Connection): Promise<void>
  /** Begins to watch over them; the undo ends that. */
  start(): Promise<() => Promise<void>>
  /** Answers what was asked, then tells everybody that the console restarts. */
  drain(): Promise<void>
}

/** Sockets and streams of one user or key: many pages and terminals, not a flood. */
export const PER_PRINCIPAL = 100
const LOOK_MS = 1_000
/** Sessions and keys expire by themselves, and a notice may have been lost. */
const JUDGE_MS = 60_000
/** What answers may take while the console goes down. */
const ANSWER_WITHIN_MS = 2_000

export const createConnections = (deps: {
  authenticate: Authenticate
  bus: Bus
  clock: Clock
  log: Log
}): Connections => {
  const { authenticate, bus, clock, log } = deps
  const all = new Set<Connection>()
  let draining = false
  let endings = 0

  const judgeOne = async (connection: Connection): Promise<void> => {
    const { credential, viewer, origin } = connection
    if (!credential || credential.kind === 'agent' || !viewer) return
    const fresh =
      credential.kind === 'key'
        ? await authenticate.key(credential.key, origin)
        : await authenticate.session(credential.token, origin)
    const same =
      fresh &&
      fresh.role === viewer.role &&
      (fresh.kind !== 'user' || viewer.kind !== 'user' || fresh.mustChangePassword === viewer.mustChangePassword)
    if (!same) connection.close('UNAUTHENTICATED')
  }

  /** A database that does not answer is no reason to send people away. */
  const judge = (connection: Connection): Promise<void> =>
    judgeOne(connection).catch((error: unknown) => log.debug('could not judge a connection again', { error }))

  /** Somebody's access changed: what came in with it is closed, and comes back with what it still may. */
  const end = ({ kind, id }: AccessEnded): void => {
    for (const connection of all) {
      const { viewer } = connection
      if (viewer?.kind !== 'user' && viewer?.kind !== 'key') continue
      const owner = viewer.kind === 'user' ? viewer.id : viewer.ownerId
      const own = viewer.kind === 'user' ? { session: viewer.sessionId, user: owner } : { key: viewer.id, user: owner }
      if ((own as Partial<Record<AccessEnded['kind'], string>>)[kind] === id) connection.close('UNAUTHENTICATED')
    }
  }

  /** Asks again for everybody whether they may still be here. */
  const judgeAll = async (): Promise<void> => {
    for (const connection of all) await judge(connection)
  }

  return {
    get draining() {
      return draining
    },
    get endings() {
      return endings
    },

    add(connection) {
      all.add(connection)
      void connection.closed.then(() => all.delete(connection))
    },

    isTooMany(viewer) {
      if (!('id' in viewer)) return false
      let count = 0
      for (const { viewer: other } of all) if (other && 'id' in other && other.id === viewer.id) count += 1
      return count > PER_PRINCIPAL
    },

    judge,

    async start() {
      let dueMs = clock.monotonicMs() + LOOK_MS
      const undoLooking = clock.every(LOOK_MS, () => {
        const nowMs = clock.monotonicMs()
        const lateMs = Math.max(0, nowMs - dueMs)
        dueMs = nowMs + LOOK_MS
        for (const connection of all) connection.look(lateMs)
      })
      const undoJudging = clock.every(JUDGE_MS, () => void judgeAll())
      const notices = await bus.subscribe(topics.accessEnded, 'all')
      void (async () => {
        // What was missed may have been anybody's end.
        for await (const notice of notices) {
          endings += 1
          if (notice === gap) void judgeAll()
          else end(notice)
        }
      })()
      return async () => {
        undoLooking()
        undoJudging()
        await notices.return()
      }
    },

    async drain() {
      draining = true
      const late = Promise.withResolvers<void>()
      const cancel = clock.after(ANSWER_WITHIN_MS, late.resolve)
      await Promise.all(
        [...all].map(async (connection) => {
          await Promise.race([connection.idle(), late.promise])
          connection.close('RESTARTING')
          await connection.closed
        }),
      )
      cancel()
    },
  }
}
