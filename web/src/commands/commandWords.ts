// How a command is, in a silhouette and a word, and what it is, in a line.
import type { CommandLineFragment, CommandState } from '../graph/gql/graphql.ts'
import type { GlyphName } from '../ui/glyphs.ts'
import { t } from '../words/words.ts'

const GLYPHS: Readonly<Record<CommandState, GlyphName>> = {
  QUEUED: 'queued',
  SENT: 'sent',
  RUNNING: 'deploying',
  SUCCEEDED: 'succeeded',
  FAILED: 'failed',
  TIMED_OUT: 'timedOut',
  CANCELLED: 'cancelled',
  UNREACHABLE: 'offline',
  INTERRUPTED: 'unknown',
}

type End = Pick<CommandLineFragment, 'state' | 'exitCode' | 'signal' | 'cancelledBy'>

/** What a failure is called by: its exit code, the signal, or that it never began. */
const failureOf = ({ exitCode, signal }: End): string => {
  if (signal) return t('commands.state.signal', { signal })
  return exitCode === null ? t('commands.state.notStarted') : t('commands.state.exit', { code: exitCode })
}

export const commandLook = (command: End): { glyph: GlyphName; word: string } => {
  const { state, cancelledBy } = command
  const glyph = GLYPHS[state]
  if (state === 'FAILED') return { glyph, word: failureOf(command) }
  return { glyph, word: t(state === 'RUNNING' && cancelledBy ? 'commands.state.ENDING' : `commands.state.${state}`) }
}

const isPlain = (word: string): boolean => /^[\w@%+=:,./-]+$/.test(word)
const quoted = (word: string): string => (isPlain(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** As somebody would type it. */
export const commandText = ({ command, args }: Pick<CommandLineFragment, 'command' | 'args'>): string =>
  args ? [command, ...args].map(quoted).join(' ') : command

/** More of it no line shows. */
const LINE_CHARS = 300

export const commandLine = (command: Pick<CommandLineFragment, 'command' | 'args'>): string => {
  const text = commandText(command).replace(/\s*\n\s*/g, ' ↵ ')
  return text.length > LINE_CHARS ? `${text.slice(0, LINE_CHARS)}…` : text
}

/** How long it took, or has taken by now; null before it began. */
export const tookMs = (
  { durationMs, state, startedAt }: Pick<CommandLineFragment, 'durationMs' | 'state' | 'startedAt'>,
  now: number,
): number | null => {
  if (durationMs !== null) return durationMs
  return state === 'RUNNING' && startedAt ? Math.max(0, now - Date.parse(startedAt)) : null
}
