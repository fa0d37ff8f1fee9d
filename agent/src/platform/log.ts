// Writes what the agent has to say: one line per message, as JSON for machines or plain for a terminal.
import type { Clock } from './clock.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFields = Readonly<Record<string, unknown>>

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same log with fields that every line of it carries. */
  with(fields: LogFields): Log
}

export interface LogOptions {
  level: LogLevel
  format: 'json' | 'plain'
  clock: Clock
  /** Receives whole lines, each with its line feed. */
  write: (line: string) => void
}

/** An error as one field: its cause stays visible, its stack only where somebody debugs. */
function toText(error: Error): string {
  const cause = error.cause instanceof Error ? ` (cause: ${toText(error.cause)})` : ''
  return `${error.message}${cause}`
}

const toValue = (value: unknown): unknown => {
  if (value instanceof Error) return toText(value)
  return typeof value === 'bigint' ? value.toString() : value
}

/** A line feed inside a message would let one message look like two. */
const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ⏎ ')

function plainField([name, value]: [string, unknown]): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `${name}=${text === undefined ? '' : oneLine(text)}`
}

export function createLog(options: LogOptions): Log {
  const lowest = logLevels.indexOf(options.level)

  function line(level: LogLevel, message: string, fields: LogFields): string {
    const time = new Date(options.clock.now()).toISOString()
    const entries = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]): [string, unknown] => [name, toValue(value)])
    if (options.format === 'json') return JSON.stringify({ time, level, message, ...Object.fromEntries(entries) })
    return [time.slice(11, 19), level.padEnd(5), oneLine(message), ...entries.map(plainField)].join(' ')
  }

  function build(carried: LogFields): Log {
    const at =
      (level: LogLevel) =>
      (message: string, fields: LogFields = {}): void => {
        if (logLevels.indexOf(level) < lowest) return
        options.write(`${line(level, message, { ...carried, ...fields })}\n`)
      }
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => build({ ...carried, ...fields }),
    }
  }

  return build({})
}
