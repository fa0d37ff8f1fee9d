// What must hold of everything that was recorded outside of the product, whatever was done to it; each rule answers what breaks it.

export interface View {
  viewer: string
  pieces: readonly { offset: number; data: Buffer }[]
  lost: readonly { from: number; to: number }[]
}

/** One program in a terminal. */
export interface Stream {
  name: string
  /** Where its own output begins on the screen. */
  begin: number
  /** By its own file. */
  written: Buffer
  /** Neither it nor its agent was ended before it ended itself. */
  lived: boolean
  views: readonly View[]
  typed: string
  given: string
}

export interface Command {
  token: string
  /** The id that was answered, or null where no answer came. */
  id: string | null
  /** Every state that each of its rows was in, in order. */
  rows: readonly { id: string; states: readonly string[]; stdout: Buffer }[]
  /** How often it began, by its own file. */
  ran: number
  written: Buffer
  /** By a page that followed it; null where none did. */
  seen: Buffer | null
}

/** Records of one stream of one run. */
export interface Records {
  name: string
  /** Highest number that was made; null where only the database knows. */
  made: number | null
  /** Those that were answered as stored or repeated. */
  answered: readonly number[]
  stored: readonly { seq: number; atMs: number }[]
  /** As the agent counted. */
  dropped: number
  /** Its spool was taken away. */
  mayLose: boolean
}

export interface History {
  streams: readonly Stream[]
  commands: readonly Command[]
  records: readonly Records[]
  /** Of each instance, what was told of its silence, in order. */
  silences: readonly { instance: string; told: readonly string[] }[]
  status: readonly { instance: string; expected: readonly string[]; shown: string }[]
  memory: readonly { process: string; beforeMiB: number; afterMiB: number; allowedMiB: number }[]
}

const finals: ReadonlySet<string> = new Set([
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'CANCELLED',
  'UNREACHABLE',
  'INTERRUPTED',
])
const order = ['QUEUED', 'SENT', 'RUNNING']
const rank = (state: string): number => (finals.has(state) ? order.length : order.indexOf(state))
const endOf = (view: View, begin: number): number => {
  const last = view.pieces.at(-1)
  return last ? last.offset + last.data.length : begin
}
const seqs = ({ stored }: Records): Set<number> => new Set(stored.map(({ seq }) => seq))

export const rules = {
  'what a viewer saw is what the program wrote, in order': ({ streams }: Pick<History, 'streams'>) =>
    streams.flatMap(({ name, begin, written, views }) =>
      views.flatMap(({ viewer, pieces, lost }) => {
        let next = begin
        for (const { offset, data } of pieces) {
          const from = Math.max(begin - offset, 0)
          if (from >= data.length) continue
          const at = offset + from
          if (at < next) return [`${name}: ${viewer} saw ${at} again at ${next}`]
          if (at > next && !lost.some((gap) => gap.from <= next && gap.to >= at))
            return [`${name}: ${viewer} was not told that ${next} to ${at} is lost`]
          if (!written.subarray(at - begin, at - begin + data.length - from).equals(data.subarray(from)))
            return [`${name}: ${viewer} saw at ${at} what was not written there`]
          next = offset + data.length
        }
        return []
      }),
    ),

  'where the agent lived, a viewer saw all of it': ({ streams }: Pick<History, 'streams'>) =>
    streams.flatMap(({ name, begin, written, lived, views }) =>
      views.flatMap((view) => {
        const seen = endOf(view, begin) - begin
        return lived && seen !== written.length
          ? [`${name}: ${view.viewer} saw ${seen} of ${written.length} bytes`]
          : []
      }),
    ),

  'what was typed arrives once and in order, and all of it where the agent lived': ({
    streams,
  }: Pick<History, 'streams'>) =>
    streams.flatMap(({ name, typed, given, lived }) => {
      if (!typed.startsWith(given))
        return [`${name}: was given ${JSON.stringify(given.slice(-80))}, which was not typed so`]
      return lived && given !== typed ? [`${name}: was given ${given.length} of ${typed.length} characters`] : []
    }),

  'a command that was taken has a row, and no command has two': ({ commands }: Pick<History, 'commands'>) =>
    commands.flatMap(({ token, id, rows }) => {
      if (rows.length > 1) return [`${token}: has ${rows.length} rows`]
      return id !== null && rows[0]?.id !== id ? [`${token}: was answered as ${id} and has no such row`] : []
    }),

  'a command goes forward and ends in exactly one state': ({ commands }: Pick<History, 'commands'>) =>
    commands.flatMap(({ token, rows }) =>
      rows.flatMap(({ states }) => {
        const isForward = states.every((state, i) => i === 0 || rank(state) > rank(states[i - 1] as string))
        return isForward && finals.has(states.at(-1) ?? '') ? [] : [`${token}: went ${states.join(' → ')}`]
      }),
    ),

  'a command runs at most once, and just once where it ended well': ({ commands }: Pick<History, 'commands'>) =>
    commands.flatMap(({ token, rows, ran }) => {
      const succeeded = rows.some(({ states }) => states.at(-1) === 'SUCCEEDED')
      return ran > 1 || (succeeded && ran !== 1) || (ran > 0 && rows.length === 0) ? [`${token}: ran ${ran} times`] : []
    }),

  'what is kept and shown of a command is the beginning of what it wrote, and all where it ended well': ({
    commands,
  }: Pick<History, 'commands'>) =>
    commands.flatMap(({ token, rows, written, seen }) =>
      rows.flatMap(({ states, stdout }) =>
        Object.entries({ kept: stdout, ...(seen && { shown: seen }) }).flatMap(([what, bytes]) => {
          if (!written.subarray(0, bytes.length).equals(bytes)) return [`${token}: is ${what} otherwise than it wrote`]
          const succeeded = states.at(-1) === 'SUCCEEDED'
          return succeeded && bytes.length !== written.length
            ? [`${token}: ${bytes.length} of ${written.length} bytes are ${what}`]
            : []
        }),
      ),
    ),

  'what was acknowledged is stored': ({ records }: Pick<History, 'records'>) =>
    records.flatMap((each) => {
      const stored = seqs(each)
      const missing = each.answered.filter((seq) => !stored.has(seq))
      return missing.length > 0 ? [`${each.name}: ${missing.length} acknowledged and not stored: ${missing[0]} …`] : []
    }),

  'a record is stored once': ({ records }: Pick<History, 'records'>) =>
    records.flatMap((each) => {
      const repeats = each.stored.length - seqs(each).size
      return repeats > 0 ? [`${each.name}: ${repeats} stored twice`] : []
    }),

  'records of one run keep the order of their moments': ({ records }: Pick<History, 'records'>) =>
    records.flatMap(({ name, stored }) => {
      const sorted = stored.toSorted((a, b) => a.seq - b.seq)
      const back = sorted.find(({ atMs }, i) => i > 0 && atMs < (sorted[i - 1] as { atMs: number }).atMs)
      return back ? [`${name}: ${back.seq} is older than the one before it`] : []
    }),

  // Where an answer got lost, what was given up unanswered may be stored all the same.
  'what was made is stored or counted as dropped': ({ records }: Pick<History, 'records'>) =>
    records.flatMap((each) => {
      if (each.mayLose) return []
      const stored = seqs(each)
      const all = each.made ?? Math.max(0, ...stored)
      const missing = all - stored.size
      const unanswered = each.made === null ? null : each.made - new Set(each.answered).size
      if (missing <= each.dropped && (unanswered === null || unanswered === each.dropped)) return []
      return [
        `${each.name}: ${missing} of ${all} missing, ${unanswered} unanswered, ${each.dropped} counted as dropped`,
      ]
    }),

  'a silence is told once, and its end once': ({ silences }: Pick<History, 'silences'>) =>
    silences.flatMap(({ instance, told }) =>
      told.some((type, i) => (type === 'HEARTBEAT_LOST') !== (i % 2 === 0)) ? [`${instance}: ${told.join(', ')}`] : [],
    ),

  'status comes to the truth': ({ status }: Pick<History, 'status'>) =>
    status.flatMap(({ instance, expected, shown }) =>
      expected.includes(shown) ? [] : [`${instance}: is shown as ${shown}, expected ${expected.join(' or ')}`],
    ),

  'memory returns to its level': ({ memory }: Pick<History, 'memory'>) =>
    memory.flatMap(({ process, beforeMiB, afterMiB, allowedMiB }) =>
      afterMiB - beforeMiB > allowedMiB
        ? [`${process}: ${Math.round(beforeMiB)} MiB before, ${Math.round(afterMiB)} MiB after`]
        : [],
    ),
} satisfies Record<string, (history: History) => string[]>

export type RuleName = keyof typeof rules

/** What breaks each rule; empty where all of them hold. */
export const check = (history: History): string[] =>
  Object.entries(rules).flatMap(([name, rule]) => rule(history).map((says) => `${name}: ${says}`))
