// Moments inside a sentence of the console, in the zone of whoever reads it.
import { format } from '../ui/format.ts'

/** The console writes them in UTC: it does not know who will read. */
export const inOwnZone = (message: string, now: number): string =>
  message.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (moment) => format.timeOrDate(Date.parse(moment), now))
