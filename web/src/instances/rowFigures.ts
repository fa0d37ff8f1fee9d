// What the cells of one row show: figures only as far as they are of now.
import type { RowSampleFragment } from '../graph/gql/graphql.ts'
import { diskPercent, memoryPercent, networkRates } from '../graph/sampleFigures.ts'
import type { Row } from './rows.ts'

export interface RowFigures {
  cpu: number | null
  memory: number | null
  disk: number | null
  receive: number | null
  transmit: number | null
  uptimeMs: number | null
  /** Of the last sample before its agent fell silent. */
  old: boolean
}

const none: RowFigures = {
  cpu: null,
  memory: null,
  disk: null,
  receive: null,
  transmit: null,
  uptimeMs: null,
  old: false,
}

export const rowFigures = ({ instance, latest, removed }: Row): RowFigures => {
  if (!latest || removed) return none
  if (instance.status === 'RUNNING') return { ...sharesOf(latest), ...ratesOf(latest), old: false }
  return instance.status === 'STALE' ? { ...none, ...sharesOf(latest), old: true } : none
}

const sharesOf = (sample: RowSampleFragment) => ({
  cpu: sample.cpu?.usagePercent ?? null,
  memory: memoryPercent(sample),
  disk: diskPercent(sample),
})

const ratesOf = (sample: RowSampleFragment) => ({
  ...networkRates(sample),
  uptimeMs: typeof sample.uptimeSeconds === 'number' ? sample.uptimeSeconds * 1000 : null,
})
