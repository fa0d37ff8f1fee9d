// Audit entries as lines of a file: CSV for spreadsheets, JSON lines for programs.
import type { AuditLineFragment } from '../graph/gql/graphql.ts'

export type ExportFormat = 'csv' | 'jsonl'

const COLUMNS = [
  'id',
  'at',
  'actorKind',
  'actorId',
  'actorName',
  'action',
  'targetKind',
  'targetId',
  'targetName',
  'outcome',
  'code',
  'ip',
  'userAgent',
  'requestId',
  'before',
  'after',
] as const satisfies (keyof AuditLineFragment)[]

/**
 * What a spreadsheet would take for a formula: =, +, - and @, also as wide characters and behind blanks, and what moves to another cell.
 * Anybody may write it there: a name, a user agent, the e-mail of a sign-in that failed.
 */
const FORMULA = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n\0]/

const cell = (value: unknown): string => {
  const text = value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export interface Format {
  type: string
  head: string
  line(entry: AuditLineFragment): string
}

/** RFC 4180; the mark in front tells spreadsheets that it is UTF-8. */
const csv: Format = {
  type: 'text/csv;charset=utf-8',
  head: `\uFEFF${COLUMNS.join(',')}\r\n`,
  line: (entry) => `${COLUMNS.map((column) => cell(entry[column])).join(',')}\r\n`,
}

const jsonl: Format = {
  type: 'application/x-ndjson',
  head: '',
  line: (entry) => `${JSON.stringify(Object.fromEntries(COLUMNS.map((column) => [column, entry[column] ?? null])))}\n`,
}

export const EXPORT_FORMATS: Record<ExportFormat, Format> = { csv, jsonl }
