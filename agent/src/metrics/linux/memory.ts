// /proc/meminfo as bytes.
import type { Memory } from '../sample.ts'

export function parseMeminfo(text: string): Memory | null {
  const bytes = new Map<string, number>()
  for (const [, name = '', kibibytes] of text.matchAll(/^([\w()]+):\s+(\d+)(?: kB)?$/gm))
    bytes.set(name, Number(kibibytes) * 1024)
  const value = (name: string): number | null => bytes.get(name) ?? null
  const total = value('MemTotal')
  const free = value('MemFree')
  if (total === null || free === null) return null
  const cached = ['Buffers', 'Cached', 'SReclaimable'].reduce((sum, name) => sum + (value(name) ?? 0), 0)
  // Kernels before 3.14 and some containers do not estimate what is available.
  const available = Math.min(total, value('MemAvailable') ?? free + cached)
  const swapTotal = value('SwapTotal')
  const swapFree = value('SwapFree')
  return {
    total,
    used: total - available,
    free,
    cached,
    available,
    swapTotal,
    swapUsed: swapTotal === null || swapFree === null ? null : Math.max(0, swapTotal - swapFree),
  }
}
