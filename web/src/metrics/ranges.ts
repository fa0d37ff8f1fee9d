// The time ranges of charts, as they stand in the address.

export const RANGES = [
  { value: '15m', text: '15 min', ms: 15 * 60_000 },
  { value: '1h', text: '1 h', ms: 60 * 60_000 },
  { value: '6h', text: '6 h', ms: 6 * 60 * 60_000 },
  { value: '24h', text: '24 h', ms: 24 * 60 * 60_000 },
  { value: '7d', text: '7 d', ms: 7 * 24 * 60 * 60_000 },
  { value: '30d', text: '30 d', ms: 30 * 24 * 60 * 60_000 },
] as const

export type RangeName = (typeof RANGES)[number]['value']

export const parseRange = (text: unknown, fallback: RangeName): RangeName =>
  RANGES.find((range) => range.value === text)?.value ?? fallback

export const rangeMs = (name: RangeName): number => RANGES.find((range) => range.value === name)?.ms ?? 60 * 60_000
