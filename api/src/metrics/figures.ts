// The one table of figures: which column of a sample holds each, how wide it is, and how it follows from a sample.
import { FIGURES } from '@sindri/schema'
import type { Figure, MetricSample } from '@sindri/schema'

export interface FigureColumn {
  figure: Figure
  column: string
  /** Bytes are whole numbers (int8); shares, loads and rates are float4: 7 digits are more than any sensor has. */
  type: 'bigint' | 'real'
  of: (sample: MetricSample) => number | null
}

/** null when no member has the figure: an unknown is not zero. */
const total = <T>(list: readonly T[] | null, of: (item: T) => number | null): number | null => {
  let sum: number | null = null
  for (const item of list ?? []) {
    const value = of(item)
    if (value !== null) sum = (sum ?? 0) + value
  }
  return sum
}

const wires = (sample: MetricSample) => sample.network?.filter(({ name }) => name !== 'lo') ?? null

const TABLE: Record<Figure, Omit<FigureColumn, 'figure'>> = {
  cpuPercent: { column: 'cpu', type: 'real', of: ({ cpu }) => cpu?.usagePercent ?? null },
  stealPercent: { column: 'steal', type: 'real', of: ({ cpu }) => cpu?.stealPercent ?? null },
  load1: { column: 'load1', type: 'real', of: ({ cpu }) => cpu?.loadAvg1 ?? null },
  memoryTotal: { column: 'mem_total', type: 'bigint', of: ({ memory }) => memory?.total ?? null },
  memoryUsed: { column: 'mem_used', type: 'bigint', of: ({ memory }) => memory?.used ?? null },
  memoryCached: { column: 'mem_cached', type: 'bigint', of: ({ memory }) => memory?.cached ?? null },
  memoryAvailable: { column: 'mem_available', type: 'bigint', of: ({ memory }) => memory?.available ?? null },
  swapUsed: { column: 'swap_used', type: 'bigint', of: ({ memory }) => memory?.swapUsed ?? null },
  diskTotal: { column: 'disk_total', type: 'bigint', of: ({ disks }) => total(disks, (disk) => disk.total) },
  diskUsed: { column: 'disk_used', type: 'bigint', of: ({ disks }) => total(disks, (disk) => disk.used) },
  diskReadRate: {
    column: 'disk_read',
    type: 'real',
    of: ({ disks }) => total(disks, (disk) => disk.readBytesPerSecond),
  },
  diskWriteRate: {
    column: 'disk_write',
    type: 'real',
    of: ({ disks }) => total(disks, (disk) => disk.writeBytesPerSecond),
  },
  networkReceiveRate: {
    column: 'net_rx',
    type: 'real',
    of: (sample) => total(wires(sample), (wire) => wire.rxBytesPerSecond),
  },
  networkTransmitRate: {
    column: 'net_tx',
    type: 'real',
    of: (sample) => total(wires(sample), (wire) => wire.txBytesPerSecond),
  },
}

export const FIGURE_COLUMNS: readonly FigureColumn[] = FIGURES.map((figure) => ({ figure, ...TABLE[figure] }))
