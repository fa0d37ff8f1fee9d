// What a run was and what came of it, as one table.
import type { History } from './checker.ts'
import type { Act } from './scheduler.ts'

export interface Done extends Act {
  /** When it began in truth, after the first. */
  beganMs: number
  endedMs: number
  said: string
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(1)

const columns = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export interface Outcome {
  seed: number
  durationMs: number
  acts: readonly Done[]
  missing: readonly string[]
  history: History
  broken: readonly string[]
}

export function toTable({ seed, durationMs, acts, missing, history, broken }: Outcome): string {
  const bytes = history.streams.reduce((sum, { written }) => sum + written.length, 0)
  const stored = history.records.reduce((sum, each) => sum + each.stored.length, 0)
  const dropped = history.records.reduce((sum, each) => sum + each.dropped, 0)
  const figures = {
    seed: String(seed),
    duration: `${(durationMs / 60_000).toFixed(1)} min`,
    faults: `${acts.length}${missing.length > 0 ? `; not drawn: ${missing.join(', ')}` : ''}`,
    streams: `${history.streams.length}, ${history.streams.filter(({ lived }) => lived).length} of them lived to their end`,
    bytes: `${bytes} written, each stream seen by ${history.streams[0]?.views.length ?? 0}`,
    keys: `${history.streams.reduce((sum, { typed }) => sum + typed.length, 0)} typed`,
    commands: `${history.commands.length} asked for, ${history.commands.filter(({ rows }) => rows.length > 0).length} taken`,
    records: `${stored} stored, ${dropped} counted as dropped`,
    memory: history.memory
      .map(({ process, beforeMiB, afterMiB }) => `${process} ${Math.round(beforeMiB)} → ${Math.round(afterMiB)}`)
      .join(', '),
    outcome: broken.length === 0 ? 'every rule holds' : `${broken.length} broken`,
  }
  return [
    columns([
      ['at s', 'until s', 'fault', 'target', ''],
      ...acts.map((act) => [seconds(act.beganMs), seconds(act.endedMs), act.kind, act.target, act.said]),
    ]),
    '',
    columns(Object.entries(figures)),
    ...broken.map((says) => `  ${says}`),
  ].join('\n')
}
