// Turns what a database driver throws while the database is away, full or overloaded into UNAVAILABLE; everything else passes unchanged.
import { Fault } from '@sindri/schema/contract/codes'

/** SQLSTATE classes: connection, resources, operator intervention (restart, statement timeout), and two that a repetition cures. */
const states = /^(08|53|57)...$|^(40001|40P01|55P03|25P03)$/
const sockets = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
/** Prisma: cannot reach, timed out, closed, pool exhausted, transaction could not start or expired, conflict, too many connections. */
const prisma = new Set(['P1001', 'P1002', 'P1008', 'P1011', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037'])
const messages =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Cannot use a pool after calling end)|PGlite is clos/

interface Shape {
  code?: unknown
  message?: unknown
  cause?: unknown
  errors?: unknown
  /** Of Prisma's adapter errors. */
  originalCode?: unknown
  originalMessage?: unknown
  kind?: unknown
  meta?: { driverAdapterError?: unknown }
}

const kinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TransactionWriteConflict',
  'TlsConnectionError',
])

const isUnavailable = (error: unknown, depth = 0): boolean => {
  if (typeof error !== 'object' || error === null || depth > 5) return false
  const shape = error as Shape
  const codes = [shape.code, shape.originalCode].filter((code): code is string => typeof code === 'string')
  if (codes.some((code) => states.test(code) || sockets.has(code) || prisma.has(code))) return true
  if (typeof shape.kind === 'string' && kinds.has(shape.kind)) return true
  if ([shape.message, shape.originalMessage].some((text) => typeof text === 'string' && messages.test(text)))
    return true
  return [shape.cause, shape.meta?.driverAdapterError, ...(Array.isArray(shape.errors) ? shape.errors : [])].some(
    (inner) => isUnavailable(inner, depth + 1),
  )
}

/** How long a caller does well to wait: a restart of PostgreSQL takes about this. */
const retryAfterMs = 2_000

export const toDbError = (error: unknown): unknown =>
  error instanceof Fault || !isUnavailable(error)
    ? error
    : new Fault(
        'UNAVAILABLE',
        'Expected the database to answer, got none in time; try again.',
        { retryAfterMs },
        { cause: error },
      )
