// /proc/stat, /proc/loadavg and /proc/uptime as numbers.
import type { CpuTimes, Reading } from '../reading.ts'

/** user nice system idle iowait irq softirq steal; guest times are contained in user and nice. Older kernels end sooner. */
function toTimes(fields: readonly number[]): CpuTimes {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = fields
  const busy = user + nice + system + irq + softirq
  return { busy, steal, total: busy + steal + idle + iowait }
}

export function parseStat(text: string): Reading['cpu'] {
  let all: CpuTimes | null = null
  const cores: CpuTimes[] = []
  for (const [, index, figures = ''] of text.matchAll(/^cpu(\d*)\s+([\d ]+)$/gm)) {
    const times = toTimes(figures.trim().split(/ +/).map(Number))
    if (index) cores.push(times)
    else all = times
  }
  return all && { all, cores }
}

export function parseLoadavg(text: string): Reading['load'] {
  const [one = NaN, five = NaN, fifteen = NaN] = text.split(' ', 3).map(Number.parseFloat)
  return [one, five, fifteen].every(Number.isFinite) ? [one, five, fifteen] : null
}

export function parseUptime(text: string): number | null {
  const seconds = Number.parseFloat(text)
  return Number.isFinite(seconds) ? seconds : null
}
