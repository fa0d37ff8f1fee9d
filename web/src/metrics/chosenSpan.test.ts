import { describe, expect, test } from 'vitest'
import { toLocalField } from '../ui/timeRange.ts'
import { checkMoments, spanByKey } from './chosenSpan.ts'

const hour = 3_600_000
const now = Date.parse('2026-03-10T12:00:00Z')
const reach = { earliest: now - 240 * hour, now }
const at = (hoursAgo: number) => toLocalField(now - hoursAgo * hour)

describe('two fields', () => {
  test('make a span when both lie within what is known', () => {
    expect(checkMoments({ from: at(3), to: at(1) }, reach)).toEqual({ span: { from: now - 3 * hour, to: now - hour } })
    expect(checkMoments({ from: at(240), to: at(0) }, reach)).toEqual({ span: { from: reach.earliest, to: now } })
  })

  const faults = (from: string, to: string) => {
    const checked = checkMoments({ from, to }, reach)
    return 'faults' in checked ? checked.faults : undefined
  }
  test('say what was expected and what was got', () => {
    expect(faults('', at(1))).toEqual({ from: 'Expected a date and a time, got none.' })
    expect(faults(at(300), at(1))?.from).toMatch(/^Expected a time from .*2026.* on, got .*2026.*\.$/)
    expect(faults(at(1), at(-1))?.to).toMatch(/^Expected a time up to now \(.*\), got .*\.$/)
    expect(faults(at(1), at(2))?.to).toMatch(/^Expected a time at least 1\smin after .*, got .*\.$/)
    expect(faults(at(1), at(1))?.to).toBeDefined()
  })
})

describe('a key', () => {
  const span = { from: now - 4 * hour, to: now - 2 * hour }
  test('zooms around the middle, and not below what can be seen', () => {
    expect(spanByKey(span, '+', reach)).toEqual({ from: now - 3.5 * hour, to: now - 2.5 * hour })
    expect(spanByKey(span, '-', reach)).toEqual({ from: now - 5 * hour, to: now - hour })
    const least = spanByKey({ from: now - 15_000, to: now - 4_000 }, '+', reach)
    expect(least && least.to - least.from).toBe(10_000)
  })

  test('moves by a quarter, and stops at both ends without changing the width', () => {
    expect(spanByKey(span, 'ArrowLeft', reach)).toEqual({ from: now - 4.5 * hour, to: now - 2.5 * hour })
    expect(spanByKey({ from: now - 2 * hour, to: now }, 'ArrowRight', reach)).toEqual({ from: now - 2 * hour, to: now })
    expect(spanByKey({ from: reach.earliest, to: reach.earliest + hour }, 'ArrowLeft', reach)).toEqual({
      from: reach.earliest,
      to: reach.earliest + hour,
    })
  })

  test('that zooms out far shows all that is known, and any other key does nothing', () => {
    const most = spanByKey({ from: now - 200 * hour, to: now }, '-', reach)
    expect(most).toEqual({ from: reach.earliest, to: now })
    expect(spanByKey(span, 'x', reach)).toBeUndefined()
  })
})
