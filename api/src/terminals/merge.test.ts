import type { ClosedFrame, TerminalFrame } from '@sindri/schema'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMerge } from './merge.ts'

const bytes = Buffer.from(Array.from({ length: 400 }, (_, i) => i % 251))
const output = (from: number, to: number, replay = false): TerminalFrame => ({
  kind: 'output',
  offset: from,
  data: bytes.subarray(from, to).toString('base64'),
  replay,
})
const joined = (offset: number): TerminalFrame => ({ kind: 'joined', offset, cols: 80, rows: 24 })
const beacon: TerminalFrame = { kind: 'beacon', outputHead: 0, inputAcks: [], governor: null, cols: 80, rows: 24 }
const end = (finalOffset: number | null): ClosedFrame => ({
  kind: 'closed',
  finalOffset,
  exitCode: 0,
  signal: null,
  reason: 'EXITED',
  by: null,
})

/** What a page shows that goes by the uniform rule: the expected offset, overlaps cut. */
const shown = (frames: readonly TerminalFrame[], from = 0): Buffer => {
  let next = from
  const parts: Buffer[] = []
  for (const frame of frames) {
    if (frame.kind !== 'output' || frame.offset > next) continue
    const data = Buffer.from(frame.data, 'base64').subarray(next - frame.offset)
    if (frame.offset + Buffer.from(frame.data, 'base64').length <= next) continue
    parts.push(data)
    next += data.length
  }
  return Buffer.concat(parts)
}

describe('the merge of replay and live output', () => {
  it('holds live output back until the replay has met it, and then leaves no hole', () => {
    const merge = createMerge(0)
    expect(merge.live([output(100, 120)])).toEqual([])
    expect(merge.replay([output(0, 100, true)])).toEqual([output(0, 100, true)])
    expect(merge.live([output(120, 130)])).toEqual([])
    expect(merge.replay([joined(110)])).toEqual([joined(110), output(100, 120), output(120, 130)])
    expect(merge.live([output(130, 140)])).toEqual([output(130, 140)])
  })

  it('lets beacons through at any time, since they acknowledge keys', () => {
    expect(createMerge(null).live([beacon])).toEqual([beacon])
  })

  it('sends the end behind the last byte, wherever that comes from', () => {
    const merge = createMerge(0)
    expect(merge.closed(end(50))).toEqual([])
    expect(merge.replay([output(0, 20, true)])).toEqual([output(0, 20, true)])
    expect(merge.replay([output(20, 50, true)])).toEqual([output(20, 50, true), end(50)])
    expect(merge.ended).toBe(true)
  })

  it('does not take the end for reached over a hole, whichever way the missing piece comes', () => {
    for (const way of ['live', 'replay'] as const) {
      const merge = createMerge(0)
      merge.replay([joined(0)])
      merge.live([output(0, 20)])
      merge.live([output(40, 50)])
      merge.live([output(30, 40)])
      expect(merge.closed(end(50))).toEqual([])
      expect(merge.live([output(45, 50)])).toEqual([output(45, 50)])
      expect(merge[way]([output(20, 30)])).toEqual([output(20, 30), end(50)])
    }
  })

  it('does not begin in the middle when the first frames of a replay are lost', () => {
    const merge = createMerge(null)
    merge.replay([output(20, 50, true)])
    expect(merge.closed(end(50))).toEqual([])
    expect(merge.restart()).toBe(0)
  })

  it('takes what the ring has lost as passed', () => {
    const merge = createMerge(null)
    merge.replay([{ kind: 'lost', from: 0, to: 30 }, output(30, 50, true)])
    expect(merge.closed(end(50))).toEqual([end(50)])
  })

  it('keeps the live output back again while the agent brings a slow viewer on at its own pace', () => {
    const merge = createMerge(0)
    merge.replay([joined(0)])
    expect(merge.live([output(0, 10)])).toEqual([output(0, 10)])
    merge.replay([{ kind: 'resized', offset: 10, cols: 80, rows: 24, replay: true }])
    expect(merge.live([output(10, 20), output(20, 30)])).toEqual([])
    expect(merge.replay([output(10, 25, true), joined(25)])).toEqual([output(10, 25, true), joined(25), output(20, 30)])
  })

  it('sends the end at once where everything was seen, and once only', () => {
    const merge = createMerge(50)
    expect(merge.closed(end(50))).toEqual([end(50)])
    expect(merge.closed(end(50))).toEqual([])
    expect(merge.giveUp()).toEqual([])
  })

  it('gives up waiting for bytes that nobody has any more', () => {
    const merge = createMerge(0)
    expect(merge.closed(end(50))).toEqual([])
    expect(merge.giveUp()).toEqual([end(50)])
  })

  it('asks for a replay from where it stands after an interruption', () => {
    const merge = createMerge(0)
    merge.replay([output(0, 30, true), joined(30)])
    merge.live([output(30, 60)])
    expect(merge.restart()).toBe(60)
    expect(merge.live([output(60, 70)])).toEqual([])
  })

  it('shows exactly what the program wrote, however replay and live output interleave', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 0, max: 200 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        fc.infiniteStream(fc.boolean()),
        (before, behind, sizes, coin) => {
          // The agent had written `before + behind` bytes when the replay began; it joins at some later head.
          const merge = createMerge(0)
          const live: TerminalFrame[] = []
          let head = before
          for (const size of sizes) {
            live.push(output(head, Math.min(head + size, bytes.length)))
            head = Math.min(head + size, bytes.length)
          }
          const meet = Math.min(before + behind, head)
          const replay = [output(0, meet, true), joined(meet)]
          const seen: TerminalFrame[] = []
          while (live.length > 0 || replay.length > 0) {
            const takeLive = replay.length === 0 || (live.length > 0 && (coin.next().value ?? false))
            const frame = takeLive ? live.shift() : replay.shift()
            if (frame) seen.push(...(takeLive ? merge.live([frame]) : merge.replay([frame])))
          }
          expect(shown(seen)).toEqual(bytes.subarray(0, head))
        },
      ),
    )
  })
})
