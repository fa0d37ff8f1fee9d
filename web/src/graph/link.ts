// What is known about the connection to the console, as a pure fold over what happens to its socket.

export interface Link {
  /** idle: not asked for. lost: trying again. refused: trying again would not help. */
  state: 'idle' | 'connecting' | 'live' | 'lost' | 'refused'
  /** Last measured round trip; null until the first one of this connection. */
  rttMs: number | null
  /** When it was lost, or when the first attempt began without success yet. */
  lostAt: number | null
  /** When the console was last heard: figures on screen are from then. */
  heardAt: number | null
  nextTryAt: number | null
  failures: number
  /** Rises with every connection; whoever reads lists reads again when it rises. */
  epoch: number
  /** Why it was refused, in words. */
  refusal: string | null
}

export type LinkEvent =
  | { kind: 'connecting'; at: number }
  | { kind: 'live'; at: number }
  | { kind: 'heard'; at: number }
  | { kind: 'measured'; at: number; rttMs: number }
  | { kind: 'closed'; at: number }
  | { kind: 'waiting'; until: number }
  | { kind: 'refused'; at: number; meaning: string }
  | { kind: 'stopped' }

export const idle: Link = {
  state: 'idle',
  rttMs: null,
  lostAt: null,
  heardAt: null,
  nextTryAt: null,
  failures: 0,
  epoch: 0,
  refusal: null,
}

export const foldLink = (link: Link, event: LinkEvent): Link => {
  switch (event.kind) {
    case 'connecting':
      return link.state === 'idle' ? { ...link, state: 'connecting', lostAt: event.at } : { ...link, nextTryAt: null }
    case 'live':
      return { ...idle, state: 'live', heardAt: event.at, epoch: link.epoch + 1 }
    case 'heard':
      return link.state === 'live' ? { ...link, heardAt: event.at } : link
    case 'measured':
      return link.state === 'live' ? { ...link, heardAt: event.at, rttMs: event.rttMs } : link
    case 'closed':
      return { ...link, state: 'lost', rttMs: null, lostAt: link.lostAt ?? event.at, failures: link.failures + 1 }
    case 'waiting':
      return { ...link, nextTryAt: event.until }
    case 'refused':
      return {
        ...link,
        state: 'refused',
        rttMs: null,
        nextTryAt: null,
        lostAt: link.lostAt ?? event.at,
        refusal: event.meaning,
      }
    case 'stopped':
      return { ...idle, epoch: link.epoch }
  }
}

const HOLLOW_AFTER_MS = 2000
const STRIP_AFTER_MS = 5000

/** How much of the page says that it is cut off: a blink of the network shows nothing. */
export const coldness = (link: Link, now: number): 'warm' | 'hollow' | 'cold' => {
  if (link.state === 'refused') return 'cold'
  if (link.lostAt === null) return 'warm'
  const lostMs = now - link.lostAt
  return lostMs >= STRIP_AFTER_MS ? 'cold' : lostMs >= HOLLOW_AFTER_MS ? 'hollow' : 'warm'
}

const BASE_MS = 500
const MOST_MS = 10_000

/**
 * Full jitter: a console that comes back must not meet all its pages in the same instant. One that says it restarts is no exception, as pages
 * are few, and somebody sits before each. `chance` is in [0, 1).
 */
export const retryWaitMs = (failures: number, chance: number): number =>
  Math.round(chance * Math.min(MOST_MS, BASE_MS * 2 ** Math.min(failures, 10)))
