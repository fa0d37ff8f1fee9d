// Writes what the console has to say as JSON lines, through pino.
import pino from 'pino'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]
export type LogFields = Readonly<Record<string, unknown>>

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  /** `fields.error` is shown with its stack and causes. */
  error(message: string, fields?: LogFields): void
  /** The same log with fields that every line of it carries, such as requestId. */
  with(fields: LogFields): Log
}

/** Fields that never belong in a log, in case somebody logs a whole request or row. */
const redacted = [
  'password',
  'token',
  'secret',
  'key',
  'authorization',
  'cookie',
  'passwordHash',
  'privateJwk',
].flatMap((name) => [name, `*.${name}`])

const wrap = (logger: pino.Logger): Log => ({
  debug: (message, fields) => logger.debug(fields ?? {}, message),
  info: (message, fields) => logger.info(fields ?? {}, message),
  warn: (message, fields) => logger.warn(fields ?? {}, message),
  error: (message, fields) => logger.error(fields ?? {}, message),
  with: (fields) => wrap(logger.child(fields)),
})

/** `write` receives whole lines; without it they go to standard output at once, so that none is lost when the process ends. */
export const createLog = (level: LogLevel, write?: (line: string) => void): Log =>
  wrap(
    pino(
      {
        level,
        base: null,
        messageKey: 'message',
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: pino.stdSerializers.errWithCause },
        redact: { paths: redacted, censor: '[redacted]' },
      },
      write ? { write } : pino.destination({ fd: 1, sync: true }),
    ),
  )

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silentLog }
