import fc from 'fast-check'
import { LIMITS } from '@sindri/schema/contract/limits'
import { describe, expect, test } from 'vitest'
import { creditStart, foldCredit, type CreditEvent, type CreditState } from './credit.ts'

const KiB = 1024
const small = { cols: 80, rows: 24 }
const large = { cols: 200, rows: 60 }

function credit() {
  let state: CreditState = creditStart
  let nowMs = 0
  return {
    on(...events: CreditEvent[]) {
      for (const event of events) state = foldCredit(state, event, nowMs)
      return state.view
    },
    pass(ms: number) {
      nowMs += ms
      state = foldCredit(state, { kind: 'tick' }, nowMs)
      return state.view
    },
  }
}

const attach = (id: string, from = 0, size = small): CreditEvent => ({ kind: 'attach', id, from, size })
const output = (head: number): CreditEvent => ({ kind: 'output', head })
const ack = (id: string, offset: number): CreditEvent => ({ kind: 'ack', id, offset })
const typed = (id: string): CreditEvent => ({ kind: 'typed', id })

describe('who governs a terminal', () => {
  test('is the latest attached, until somebody types', () => {
    const { on } = credit()
    expect(on(attach('a'), attach('b', 0, large))).toMatchObject({ governorId: 'b', size: large })
    expect(on(typed('a'))).toMatchObject({ governorId: 'a', size: small })
    expect(on(attach('c'))).toMatchObject({ governorId: 'a' })
  })

  test('is nobody when all have left', () => {
    expect(credit().on(attach('a'), { kind: 'detach', id: 'a' })).toMatchObject({
      governorId: null,
      size: null,
      paused: false,
    })
  })

  test('keeps governing while nothing is owed, however quiet', () => {
    const { on, pass } = credit()
    on(attach('a'), output(100), ack('a', 100))
    expect(pass(3_600_000).governorId).toBe('a')
  })

  test('is not one who owes an acknowledgement for 2 s', () => {
    const { on, pass } = credit()
    on(attach('a', 0, small), typed('a'), attach('b', 0, large))
    on(output(100), ack('b', 100))
    expect(pass(LIMITS.governorSilenceMs - 1).governorId).toBe('a')
    expect(pass(1)).toMatchObject({ governorId: 'b', size: large })
    expect(on(ack('a', 50)).governorId).toBe('a')
  })

  test('changes its size when the governor does', () => {
    const { on } = credit()
    on(attach('a'), attach('b'))
    expect(on({ kind: 'resize', id: 'a', size: large }).size).toEqual(small)
    expect(on({ kind: 'resize', id: 'b', size: large }).size).toEqual(large)
  })
})

describe('the credit of a terminal', () => {
  test('pauses above the high mark and resumes at half of it', () => {
    const { on } = credit()
    on(attach('a'))
    expect(on(output(256 * KiB)).paused).toBe(false)
    expect(on(output(256 * KiB + 1)).paused).toBe(true)
    expect(on(ack('a', 128 * KiB)).paused).toBe(true)
    expect(on(ack('a', 128 * KiB + 1)).paused).toBe(false)
  })

  test('does not ask those who do not govern', () => {
    const { on } = credit()
    on(attach('a'), attach('b'))
    on(output(1024 * KiB))
    expect(on(ack('b', 1024 * KiB)).paused).toBe(false)
  })

  test('ignores acknowledgements of what was never written, and lower ones', () => {
    const { on } = credit()
    on(attach('a'), output(300 * KiB))
    expect(on(ack('a', 900 * KiB)).paused).toBe(true)
    on(ack('a', 299 * KiB))
    expect(on(ack('a', 1)).paused).toBe(false)
  })

  test('says when silence will end a pause', () => {
    const { on, pass } = credit()
    const view = on(attach('a'), output(300 * KiB))
    expect(view).toMatchObject({ paused: true, recheckMs: LIMITS.governorSilenceMs })
    expect(pass(LIMITS.governorSilenceMs)).toMatchObject({
      paused: false,
      governorId: null,
      size: null,
      recheckMs: null,
    })
  })

  test('keeps a pause while the governor repeats its acknowledgement', () => {
    const { on, pass } = credit()
    on(attach('a'), output(300 * KiB))
    for (let second = 0; second < 10; second++) {
      pass(1000)
      expect(on(ack('a', 0)).paused).toBe(true)
    }
  })

  test('widens for a distant viewer that keeps up, up to 1 MiB', () => {
    const { on, pass } = credit()
    on(attach('a'))
    let head = 0
    for (let round = 0; round < 6; round++) {
      head += 256 * KiB * 2 ** round
      head = Math.min(head, round * 1024 * KiB + 1024 * KiB)
      on(output(head), { kind: 'sent', id: 'a', offset: head })
      pass(150)
      on(ack('a', head))
    }
    expect(on(output(head + 1024 * KiB)).paused).toBe(false)
    expect(on(output(head + 1024 * KiB + 1)).paused).toBe(true)
  })

  test('stays narrow for a near viewer that is merely slow to draw', () => {
    const { on, pass } = credit()
    on(attach('a'), output(1), { kind: 'sent', id: 'a', offset: 1 })
    pass(2)
    on(ack('a', 1))
    let head = 1
    for (let round = 0; round < 6; round++) {
      head += 256 * KiB
      on(output(head), { kind: 'sent', id: 'a', offset: head })
      pass(150)
      on(ack('a', head))
    }
    expect(on(output(head + 256 * KiB + 1)).paused).toBe(true)
  })
})

describe('the credit of a terminal, whatever happens', () => {
  const id = fc.constantFrom('a', 'b', 'c')
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ writes: fc.integer({ min: 1, max: 128 * KiB }) }) },
    { weight: 3, arbitrary: fc.record({ acks: id, share: fc.double({ min: 0, max: 1, noNaN: true }) }) },
    { weight: 1, arbitrary: fc.record({ attaches: id }) },
    { weight: 1, arbitrary: fc.record({ detaches: id }) },
    { weight: 1, arbitrary: fc.record({ types: id }) },
    { weight: 2, arbitrary: fc.record({ passes: fc.integer({ min: 1, max: 1500 }) }) },
  )

  /** A program that writes only while it is not paused, and attachments that do as they please. */
  function play(steps: (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) {
    let state = creditStart
    let nowMs = 0
    let overshootBytes = 0
    const fold = (event: CreditEvent) => void (state = foldCredit(state, event, nowMs))
    for (const each of steps) {
      if ('writes' in each) {
        if (state.view.paused) continue
        fold(output(state.head + each.writes))
        const governor = state.attachments.find((attachment) => attachment.id === state.view.governorId)
        if (governor)
          overshootBytes = Math.max(overshootBytes, state.head - governor.acked - governor.window.windowBytes)
      } else if ('acks' in each) {
        const from = state.attachments.find((attachment) => attachment.id === each.acks)?.acked ?? 0
        fold(ack(each.acks, Math.floor(from + (state.head - from) * each.share)))
      } else if ('attaches' in each) fold(attach(each.attaches, state.head))
      else if ('detaches' in each) fold({ kind: 'detach', id: each.detaches })
      else if ('types' in each) fold(typed(each.types))
      else {
        nowMs += each.passes
        fold({ kind: 'tick' })
      }
    }
    return { state, nowMs, overshootBytes }
  }

  test('never pauses for ever: when all fall silent, the program runs within 2 s', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const { state, nowMs } = play(steps)
        let silent = state
        let atMs = nowMs
        for (let wakes = 0; silent.view.paused; wakes++) {
          expect(silent.view.recheckMs).not.toBeNull()
          atMs = silent.view.recheckMs!
          silent = foldCredit(silent, { kind: 'tick' }, atMs)
          expect(wakes).toBeLessThan(4)
        }
        expect(atMs - nowMs).toBeLessThanOrEqual(LIMITS.governorSilenceMs)
      }),
      { numRuns: 500 },
    )
  })

  test('never has more outstanding than the window and the one write that crossed it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const writes = steps.map((each) => ('writes' in each ? each.writes : 0))
        // A new governor may be behind already; what is bounded is what is written on top while one governs.
        const oneViewer = steps.filter(
          (each) => !('attaches' in each || 'detaches' in each || 'types' in each || 'passes' in each),
        )
        const mine = oneViewer.map((each) => ('acks' in each ? { ...each, acks: 'a' as const } : each))
        const { overshootBytes } = play([{ attaches: 'a' }, ...mine])
        expect(overshootBytes).toBeLessThanOrEqual(Math.max(0, ...writes))
      }),
      { numRuns: 300 },
    )
  })

  test('is changed by no output up to where it says so', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), fc.nat(2 * 1024 * KiB), (steps, more) => {
        const { state, nowMs } = play(steps)
        const head = Math.min(state.view.calmTo, state.head + more)
        const { attachments, view } = foldCredit(state, output(head), nowMs)
        expect({ attachments, view }).toEqual({ attachments: state.attachments, view: state.view })
      }),
      { numRuns: 500 },
    )
  })

  test('pauses only for a governor, and only for one that owes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
        const { state } = play(steps)
        if (!state.view.paused) return
        const governor = state.attachments.find((attachment) => attachment.id === state.view.governorId)
        expect(governor!.acked).toBeLessThan(state.head)
      }),
    )
  })
})
