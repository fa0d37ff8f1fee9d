// Figures, sizes, durations and times as text: three significant digits, a no-break space, one unit; missing is "–".

import { t } from '../words/words.ts'

export const MISSING = '–'
const SPACE = '\u00a0'

const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

type Figure = number | null | undefined

/** The formatters of one locale and zone; undefined takes the user's own. */
export const createFormat = (locale?: string, timeZone?: string) => {
  const significant = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3, useGrouping: false })
  const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const tenth = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  // 24 hours in every locale: times stand in columns and beside logs, where a "PM" would break both.
  const zone = timeZone === undefined ? {} : { timeZone }
  const clock = new Intl.DateTimeFormat(locale, { ...zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  const clockExact = new Intl.DateTimeFormat(locale, { ...zone, timeStyle: 'medium', hourCycle: 'h23' })
  const dayMonth = new Intl.DateTimeFormat(locale, { ...zone, day: 'numeric', month: 'short' })
  const weekday = new Intl.DateTimeFormat(locale, { ...zone, weekday: 'long', day: 'numeric', month: 'short' })
  const dayMonthYear = new Intl.DateTimeFormat(locale, { ...zone, day: 'numeric', month: 'short', year: 'numeric' })

  const scaled = (value: number, base: number, units: string[], suffix: string) => {
    let size = Math.abs(value)
    let unit = 0
    // 999.5 would round to "1000" of the smaller unit.
    while (size >= base - 0.5 && unit < units.length - 1) {
      size /= base
      unit++
    }
    return `${significant.format(Math.sign(value) * (unit === 0 ? Math.round(size) : size))}${SPACE}${units[unit]}${suffix}`
  }

  const present = (value: Figure): value is number => value !== null && value !== undefined && Number.isFinite(value)

  const time = (at: number) => clock.format(at)
  const timeExact = (at: number) => clockExact.format(at)
  const dateTime = (at: number) => `${dayMonth.format(at)}, ${clock.format(at)}`

  return {
    count: (value: Figure) => (present(value) ? whole.format(value) : MISSING),
    /** Load averages and the like. */
    number: (value: Figure) => (present(value) ? significant.format(value) : MISSING),
    percent: (value: Figure) => (present(value) ? `${whole.format(value)}%` : MISSING),
    /** One decimal: lists of processes live below 10 %. */
    percentFine: (value: Figure) => (present(value) ? `${tenth.format(value)}%` : MISSING),
    memory: (bytes: Figure) => (present(bytes) ? scaled(bytes, 1024, BINARY, '') : MISSING),
    disk: (bytes: Figure) => (present(bytes) ? scaled(bytes, 1000, DECIMAL, '') : MISSING),
    rate: (bytesPerSecond: Figure) => (present(bytesPerSecond) ? scaled(bytesPerSecond, 1000, DECIMAL, '/s') : MISSING),
    /** For cells: "12d 4h", "14m", "8s". */
    durationCompact: (ms: Figure) => {
      if (!present(ms)) return MISSING
      if (ms >= day) return pair(ms, day, 'd', hour, 'h')
      if (ms >= hour) return pair(ms, hour, 'h', minute, 'm')
      return ms >= minute ? `${Math.floor(ms / minute)}m` : `${Math.max(0, Math.floor(ms / second))}s`
    },
    /** For sentences: "12 min", "34.8 s", "2 h 41 min". */
    duration: (ms: Figure) => {
      if (!present(ms)) return MISSING
      if (ms < second) return `${Math.round(ms)}${SPACE}ms`
      if (ms < minute) return `${significant.format(Math.floor(ms / 100) / 10)}${SPACE}s`
      if (ms < hour) return words(ms, minute, 'min', second, 's')
      return ms < day ? words(ms, hour, 'h', minute, 'min') : words(ms, day, 'd', hour, 'h')
    },
    time,
    timeExact,
    dateTime,
    /** For columns of a log: date and time to the second, never relative. */
    stamp: (at: number) => `${dayMonth.format(at)}, ${clockExact.format(at)}`,
    /** A moment that a field names: to the minute, with its year. */
    exactMinute: (at: number) => `${dayMonthYear.format(at)}, ${clock.format(at)}`,
    exact: (at: number) => `${dayMonthYear.format(at)}, ${clockExact.format(at)}`,
    date: (at: number) => dayMonthYear.format(at),
    /** A whole day, such as "Friday 20 Nov". */
    day: (at: number) => weekday.format(at),
    /** "2 s ago" up to a day, then the date and time. */
    ago: (at: number, now: number) => {
      const age = now - at
      if (age < second) return t('ui.justNow')
      if (age < minute) return t('ui.ago', { time: `${Math.floor(age / second)}${SPACE}s` })
      if (age < hour) return t('ui.ago', { time: `${Math.floor(age / minute)}${SPACE}min` })
      return age < day ? t('ui.ago', { time: `${Math.floor(age / hour)}${SPACE}h` }) : dateTime(at)
    },
    /** A time of today without its date, others with it. */
    timeOrDate: (at: number, now: number) =>
      dayMonthYear.format(at) === dayMonthYear.format(now) ? clock.format(at) : dateTime(at),
    zone: clock.resolvedOptions().timeZone,
  }
}

const pair = (ms: number, big: number, bigUnit: string, small: number, smallUnit: string) => {
  const rest = Math.floor((ms % big) / small)
  return rest === 0 ? `${Math.floor(ms / big)}${bigUnit}` : `${Math.floor(ms / big)}${bigUnit} ${rest}${smallUnit}`
}

const words = (ms: number, big: number, bigUnit: string, small: number, smallUnit: string) => {
  const rest = Math.floor((ms % big) / small)
  const head = `${Math.floor(ms / big)}${SPACE}${bigUnit}`
  return rest === 0 ? head : `${head} ${rest}${SPACE}${smallUnit}`
}

export const format = createFormat()
