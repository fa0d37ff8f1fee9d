// A bounded list of events as a fold, newest first, each once.
import type { EventLineFragment } from '../graph/gql/graphql.ts'

export interface EventLines<Line extends EventLineFragment = EventLineFragment> {
  events: Line[]
  /** Older ones exist beyond the list. */
  more: boolean
}

export const foldEvent = <Line extends EventLineFragment>(
  lines: EventLines<Line>,
  event: Line,
  most: number,
): EventLines<Line> => {
  if (lines.events.some((known) => known.id === event.id)) return lines
  // An agent that was away reports late: such an event takes its place in time.
  const at = lines.events.findIndex((known) => known.at <= event.at)
  const events = at < 0 ? [...lines.events, event] : lines.events.toSpliced(at, 0, event)
  return { events: events.slice(0, most), more: lines.more || events.length > most }
}
