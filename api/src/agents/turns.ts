// Tells clones from an agent that restarts: a run that comes back to take the link from another cannot be the one that restarted.

/** A run began to hold the link. */
export interface Turn {
  run: string
  atMs: number
  hostname: string | null
  address: string
  /** It was taken from another run whose link was open. */
  took: boolean
}

export type Comer = Pick<Turn, 'run' | 'hostname' | 'address'>

export interface Verdict {
  /** The history to keep. */
  turns: Turn[]
  /** 'wait': a clone of it held the link longer, and keeps it. */
  comer: 'links' | 'waits'
  clones: { stays: Turn; waits: Turn } | null
}

const windowMs = 60_000
/** B takes from A, A takes it back, B takes it again. However often an agent restarts, its old runs never come back. */
const takesOfClones = 3

/** `holder`: the run whose link is open at this moment, or null. */
export const judgeTurns = (turns: readonly Turn[], comer: Comer, holder: string | null, nowMs: number): Verdict => {
  const took = holder !== null && holder !== comer.run
  const last = turns.at(-1)
  // The same run came back: its turn goes on.
  if (!took && last?.run === comer.run) return { turns: recent(turns, nowMs), comer: 'links', clones: null }
  const all = [...turns, { ...comer, atMs: nowMs, took }]
  const cameBack = turns.some(({ run }) => run === comer.run)
  const takes = all.filter((turn) => turn.took && turn.atMs > nowMs - windowMs).length
  if (!took || !cameBack || takes < takesOfClones) return { turns: recent(all, nowMs), comer: 'links', clones: null }

  const mine = heldMs(turns, comer.run, nowMs)
  const theirs = heldMs(turns, holder, nowMs)
  const comerTurn = all.at(-1) as Turn
  const holderTurn = turns.findLast((turn) => turn.run === holder) ?? {
    ...comerTurn,
    run: holder,
    hostname: null,
    address: '',
    atMs: nowMs,
  }
  // The fight is over: the next one is counted from here.
  return mine > theirs
    ? { turns: [{ ...comerTurn, took: false }], comer: 'links', clones: { stays: comerTurn, waits: holderTurn } }
    : { turns: [{ ...holderTurn, took: false }], comer: 'waits', clones: { stays: holderTurn, waits: comerTurn } }
}

const heldMs = (turns: readonly Turn[], run: string, nowMs: number): number =>
  turns.reduce((sum, turn, i) => (turn.run === run ? sum + (turns[i + 1]?.atMs ?? nowMs) - turn.atMs : sum), 0)

const turnsMax = 8

/** Those of the window and the one before, which says how long its run had held it. */
const recent = (turns: readonly Turn[], nowMs: number): Turn[] => {
  const first = turns.findIndex((turn) => turn.atMs > nowMs - windowMs)
  return turns.slice(first === -1 ? -1 : Math.max(0, first - 1)).slice(-turnsMax)
}
