// The figures of one sample that rows and heads show.

interface SampleLike {
  memory?: { total?: number | null; used?: number | null } | null
  disks?: readonly { total?: number | null; used?: number | null; free?: number | null }[] | null
  network?: readonly { name: string; rxBytesPerSecond?: number | null; txBytesPerSecond?: number | null }[] | null
}

const share = (used: number | null | undefined, total: number | null | undefined): number | null =>
  used === null || used === undefined || !total ? null : (100 * used) / total

export const memoryPercent = ({ memory }: SampleLike): number | null => share(memory?.used, memory?.total)

/** Of all devices together. The total is what users may fill, as df counts it: the part kept for root is none of theirs. */
export const diskTotals = ({ disks }: SampleLike): { used: number; total: number } | null => {
  const known = (disks ?? []).filter((disk) => typeof disk.total === 'number' && typeof disk.used === 'number')
  if (known.length === 0) return null
  const totals = known.map(({ total, used, free }) => (typeof free === 'number' ? (used ?? 0) + free : total))
  return { used: sumOf(known.map((disk) => disk.used)) ?? 0, total: sumOf(totals) ?? 0 }
}

export const diskPercent = (sample: SampleLike): number | null => {
  const totals = diskTotals(sample)
  return totals && share(totals.used, totals.total)
}

const sumOf = (values: (number | null | undefined)[]): number | null => {
  const known = values.filter((value) => typeof value === 'number')
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
}

/** Bytes per second over all interfaces; what a machine says to itself does not count. */
export const networkRates = ({ network }: SampleLike): { receive: number | null; transmit: number | null } => {
  const outside = (network ?? []).filter((one) => one.name !== 'lo')
  return {
    receive: sumOf(outside.map((one) => one.rxBytesPerSecond)),
    transmit: sumOf(outside.map((one) => one.txBytesPerSecond)),
  }
}

interface DiskRatesLike {
  disks?: readonly { readBytesPerSecond?: number | null; writeBytesPerSecond?: number | null }[] | null
}

/** Bytes per second over all devices. */
export const diskRates = ({ disks }: DiskRatesLike): { read: number | null; write: number | null } => ({
  read: sumOf((disks ?? []).map((disk) => disk.readBytesPerSecond)),
  write: sumOf((disks ?? []).map((disk) => disk.writeBytesPerSecond)),
})
