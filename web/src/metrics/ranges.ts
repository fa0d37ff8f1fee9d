// The time ranges of charts, as they stand in the address.
import { t } from '../words/words.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

const RANGES = { '15m': 15 * minute, '1h': hour, '6h': 6 * hour, '24h': day, '7d': 7 * day, '30d': 30 * day } as const

export type RangeName = keyof typeof RANGES
export const RANGE_NAMES = Object.keys(RANGES) as RangeName[]

export const rangeMs = (name: RangeName): number => RANGES[name]
export const rangeWord = (name: RangeName): string => t(`metrics.range.${name}`)

export const parseRange = (text: unknown, fallback: RangeName): RangeName =>
  RANGE_NAMES.find((name) => name === text) ?? fallback
