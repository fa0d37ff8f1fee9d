// Judges whether something is missing that only a new replay brings: any one message that is lost costs delay, and no more.

export interface Following {
  /** A replay was asked for. */
  asked(nowMs: number): void
  /** Anything came. */
  heard(nowMs: number): void
  /** The output went on. */
  progressed(nowMs: number): void
  /** A replay begins, asked for or not. Not asked for, it may never come: so an agent answers a page that it has forgotten. */
  begins(): void
  /** The replay has met the live output. */
  joined(nowMs: number): void
  /** A beacon says how far the output is. */
  told(head: number): void
  /** Looked at several times a second. `hole`: frames wait for one before them. */
  shouldAsk(nowMs: number, now: { next: number; hole: boolean; rttMs: number | null }): boolean
}

/** Output that waits for a frame this long waits for one that was lost. */
const missingMs = 1_000
/** A replay takes its time to begin; asked again too soon it would only begin anew. */
const joiningMs = 2_000
/** Each time that asking brought nothing, the next time comes later: perhaps the agent is away. */
const mostMs = 15_000
/** A beacon comes every 10 s at the latest. Without any, the agent has forgotten that this page looks. */
const silentMs = 15_000

export const createFollowing = (startMs: number): Following => {
  let askedMs = startMs
  let progressMs = startMs
  let heardMs = startMs
  let suspectMs: number | null = null
  let isJoined = false
  let head = 0
  let inVain = 0

  const progressed = (nowMs: number): void => {
    progressMs = nowMs
    inVain = 0
  }

  return {
    asked(nowMs) {
      if (progressMs < askedMs) inVain++
      askedMs = nowMs
      heardMs = nowMs
      isJoined = false
    },
    heard: (nowMs) => void (heardMs = nowMs),
    progressed,
    begins: () => void (isJoined = false),
    joined(nowMs) {
      isJoined = true
      progressed(nowMs)
    },
    told: (outputHead) => void (head = outputHead),
    shouldAsk(nowMs, { next, hole, rttMs }) {
      if (isJoined && !hole && head <= next) {
        suspectMs = null
        return nowMs - heardMs >= silentMs
      }
      suspectMs ??= nowMs
      const patienceMs = Math.max(isJoined || hole ? missingMs : joiningMs, 4 * (rttMs ?? 0))
      return nowMs - Math.max(askedMs, progressMs, suspectMs) >= Math.min(mostMs, patienceMs * 2 ** inVain)
    },
  }
}
