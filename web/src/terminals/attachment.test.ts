import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '@sindri/schema/contract/limits'
import { createFakeClock } from '../platform/fakeClock.ts'
import { type AttachmentState, attachTerminal } from './attachment.ts'
import { createFarEnd, createScriptedScreen, type Fate } from './farEnd.scripted.ts'

const text = (bytes: number[]): string => String.fromCharCode(...bytes)

const openPage = (prepare: (farEnd: ReturnType<typeof createFarEnd>) => void = () => {}) => {
  const clock = createFakeClock(1_000_000)
  const slept = { ms: 0 }
  const farEnd = createFarEnd(clock)
  prepare(farEnd)
  const screen = createScriptedScreen()
  let state: AttachmentState | undefined
  const page = attachTerminal({
    graph: farEnd.graph,
    clock: { ...clock, now: () => clock.now() + slept.ms },
    terminalId: 'trm_1',
    size: { cols: 100, rows: 30 },
    screen,
    onState: (next) => (state = next),
  })
  return {
    clock,
    farEnd,
    screen,
    page,
    slept,
    attachment: () => farEnd.last('TerminalOutput')?.attachmentId,
    now(): AttachmentState {
      if (!state) throw new Error('expected a state, got none')
      return state
    },
  }
}

describe('a page that looks at a terminal', () => {
  test('shows everything there is, then what comes live, and takes the size in force', () => {
    const { farEnd, screen, clock, ...page } = openPage((far) => far.writes(500))
    clock.advance(1000)
    farEnd.writes(20)
    expect([screen.next, screen.isRight, page.now().phase]).toEqual([520, true, 'live'])
    expect(page.now().size).toEqual({ cols: 100, rows: 30 })
    expect(screen.sizes.at(-1)).toEqual({ cols: 100, rows: 30 })
  })

  test('acknowledges what is drawn, not what has come', () => {
    const { farEnd, screen, clock } = openPage()
    screen.isSlow = true
    farEnd.writes(40)
    clock.advance(100)
    expect(farEnd.last('AckTerminalOutput')?.offset ?? 0).toBe(0)
    screen.draw()
    clock.advance(100)
    expect(farEnd.last('AckTerminalOutput')?.offset).toBe(40)
  })

  test('acknowledges a steady trickle that never pauses', () => {
    const { farEnd, clock } = openPage()
    for (let i = 0; i < 20; i++) {
      farEnd.writes(1)
      clock.advance(20)
    }
    expect(farEnd.last('AckTerminalOutput')?.offset).toBeGreaterThan(15)
  })

  test('repeats its last acknowledgement each second for a while, and then once a minute', () => {
    const { farEnd, clock } = openPage()
    farEnd.governedBy('att_other')
    farEnd.writes(10)
    const before = farEnd.count('AckTerminalOutput')
    clock.advance(5_000)
    const soon = farEnd.count('AckTerminalOutput') - before
    expect(soon).toBeGreaterThanOrEqual(4)
    clock.advance(300_000)
    expect(farEnd.count('AckTerminalOutput') - before - soon).toBeLessThanOrEqual(6)
    expect(farEnd.count('AckTerminalOutput') - before - soon).toBeGreaterThanOrEqual(4)
  })

  test('acknowledges again when a beacon shows that nobody governs', () => {
    const { farEnd, clock } = openPage()
    farEnd.governedBy('att_other')
    farEnd.writes(10)
    clock.advance(20_000)
    const before = farEnd.count('AckTerminalOutput')
    farEnd.governedBy(null)
    clock.advance(1_000)
    expect(farEnd.count('AckTerminalOutput')).toBe(before + 1)
  })

  test('does not answer each of many beacons that nobody governs', () => {
    const { farEnd, clock } = openPage()
    farEnd.writes(10)
    clock.advance(20_000)
    const before = farEnd.count('AckTerminalOutput')
    for (let i = 0; i < 100; i++) farEnd.beacon()
    expect(farEnd.count('AckTerminalOutput')).toBeLessThanOrEqual(before + 1)
  })

  test('asks again for a frame that was lost, the last one too', () => {
    const { farEnd, screen, clock } = openPage()
    farEnd.writes(10)
    farEnd.fate = (_, what) => (what === 'TerminalOutput' ? 'lost' : 'comes')
    farEnd.writes(10)
    farEnd.fate = () => 'comes'
    expect(screen.next).toBe(10)
    clock.advance(2_500)
    expect(farEnd.last('TerminalOutput')).toMatchObject({ from: 10 })
    expect([screen.next, screen.isRight]).toEqual([20, true])
  })

  test.each(['TerminalOutput', 'TerminalJoined'])('asks again when the first %s of a replay is lost', (lost) => {
    let left = 1
    const { screen, clock, ...page } = openPage((far) => {
      far.writes(200)
      far.fate = (way, what) => (way === 'out' && what === lost && left-- > 0 ? 'lost' : 'comes')
    })
    clock.advance(5_000)
    expect([screen.next, screen.isRight, page.now().phase]).toEqual([200, true, 'live'])
  })

  test('asks again, ever more patiently, while the agent is away, and is there when it is back', () => {
    const { farEnd, screen, clock, ...page } = openPage((far) => {
      far.writes(50)
      far.isAway = true
    })
    clock.advance(60_000)
    expect(farEnd.count('TerminalOutput')).toBeGreaterThan(4)
    expect(farEnd.count('TerminalOutput')).toBeLessThan(9)
    farEnd.isAway = false
    clock.advance(15_000)
    expect([screen.next, page.now().phase]).toEqual([50, 'live'])
  })

  test('does not ask again while a long replay goes on, though beacons are far ahead', () => {
    const { farEnd, screen, clock } = openPage((far) => {
      far.writes(20_000)
      far.fate = (way, what) => (way === 'out' && what === 'TerminalOutput' ? 'late' : 'comes')
    })
    clock.advance(60_000)
    expect([screen.next, screen.isRight]).toEqual([20_000, true])
    expect(farEnd.count('TerminalOutput')).toBe(1)
  })

  test('asks again when even beacons stay away: the agent has forgotten it', () => {
    const { farEnd, screen, clock } = openPage()
    clock.advance(60_000)
    expect(farEnd.count('TerminalOutput')).toBe(1)
    farEnd.forgets()
    farEnd.writes(10)
    clock.advance(20_000)
    expect([screen.next, farEnd.count('TerminalOutput')]).toEqual([10, 2])
  })

  test('takes keys on when the agent has forgotten it, and has them acknowledged soon', () => {
    const { farEnd, clock, page, ...rest } = openPage()
    clock.advance(30_000)
    farEnd.forgets()
    page.type('ls')
    clock.advance(LIMITS.terminalSilenceMs)
    expect([text(farEnd.typed), farEnd.count('TerminalOutput')]).toEqual(['ls', 2])
    expect(rest.now()).toMatchObject({ silentSince: null, phase: 'live' })
  })

  test('comes back from the byte it had when the console closed on a slow reader', () => {
    const { farEnd, screen, clock } = openPage()
    farEnd.writes(10)
    farEnd.fault('SLOW_CONSUMER')
    farEnd.writes(10)
    clock.advance(1_500)
    expect(farEnd.last('TerminalOutput')).toMatchObject({ from: 10 })
    expect([screen.next, screen.isRight]).toEqual([20, true])
  })

  test('says so when it may not look, and stays where it is', () => {
    const { farEnd, clock, page: terminal, ...page } = openPage()
    farEnd.fault('NOT_FOUND')
    clock.advance(60_000)
    expect(page.now()).toMatchObject({ phase: 'refused', fault: { code: 'NOT_FOUND' } })
    expect(farEnd.count('TerminalOutput')).toBe(1)
    expect(terminal.type('x')).toBe(false)
  })

  test('counts what the ring has lost, and goes on behind it', () => {
    const { screen, clock } = openPage((far) => {
      far.writes(500)
      far.keeps(200)
    })
    clock.advance(1000)
    expect([screen.losses, screen.next, screen.isRight]).toEqual([[300], 500, true])
  })

  test('is told the end behind the last byte, though it was lost on the way', () => {
    const { farEnd, screen, clock, ...page } = openPage()
    farEnd.fate = (_, what) => (what === 'TerminalOutput' ? 'lost' : 'comes')
    farEnd.writes(30)
    farEnd.fate = () => 'comes'
    farEnd.exits(3)
    clock.advance(5_000)
    expect([screen.next, screen.isRight, screen.losses]).toEqual([30, true, []])
    expect(page.now()).toMatchObject({ phase: 'ended', closed: { exitCode: 3 } })
  })

  test('says how much of the end is missing when nobody has it any more', () => {
    const { farEnd, screen, clock, ...page } = openPage()
    farEnd.fate = (_, what) => (what === 'TerminalOutput' ? 'lost' : 'comes')
    farEnd.writes(30)
    farEnd.isAway = true
    farEnd.exits()
    clock.advance(10_000)
    expect(page.now().phase).toBe('ended')
    expect(screen.losses).toEqual([30])
  })

  test('says its size again while another one is in force though it governs', () => {
    const { farEnd, clock, page, ...rest } = openPage()
    farEnd.fate = (_, what) => (what === 'ResizeTerminal' ? 'lost' : 'comes')
    page.resize({ cols: 120, rows: 40 })
    farEnd.fate = () => 'comes'
    clock.advance(2_500)
    expect(rest.now().size).toEqual({ cols: 120, rows: 40 })
    const count = farEnd.count('ResizeTerminal')
    clock.advance(60_000)
    expect(farEnd.count('ResizeTerminal')).toBe(count)
  })

  test('shows the size of the page that governs, and knows that it is not itself', () => {
    const { farEnd, clock, page, ...rest } = openPage((far) => far.governedBy('att_other'))
    clock.advance(1_000)
    expect(rest.now()).toMatchObject({ governs: false, size: { cols: 80, rows: 24 } })
    page.type('x')
    expect(rest.now().governs).toBe(true)
    page.resize({ cols: 90, rows: 20 })
    clock.advance(1_000)
    expect(rest.now().size).toEqual({ cols: 90, rows: 20 })
    expect(farEnd.count('ResizeTerminal')).toBeLessThanOrEqual(2)
  })
})

describe('what is typed', () => {
  test('is sent again until it is acknowledged, and arrives once', () => {
    const { farEnd, page, clock } = openPage()
    farEnd.fate = (way, what) => (way === 'in' && what === 'SendTerminalInput' ? 'lost' : 'comes')
    page.type('l')
    page.type('s')
    farEnd.fate = () => 'twice'
    clock.advance(1_500)
    expect(text(farEnd.typed)).toBe('ls')
    const sent = farEnd.count('SendTerminalInput')
    clock.advance(30_000)
    expect(farEnd.count('SendTerminalInput')).toBe(sent)
  })

  test('is not typed again by a page that was loaded anew', () => {
    const first = openPage()
    first.farEnd.acknowledges = false
    first.page.type('rm x\r')
    first.page.detach()
    first.clock.advance(5_000)
    expect(text(first.farEnd.typed)).toBe('rm x\r')
    expect(first.farEnd.count('SendTerminalInput')).toBe(1)
  })

  test('waits while the link is away, and goes out when it is back', () => {
    const { farEnd, page, clock } = openPage()
    farEnd.linkLost()
    page.type('ls\r')
    clock.advance(4_000)
    farEnd.linkRegained()
    expect(text(farEnd.typed)).toBe('ls\r')
  })

  test.each([
    ['the link is lost', (page: ReturnType<typeof openPage>) => page.farEnd.linkLost()],
    ['nothing is heard over the link', (page: ReturnType<typeof openPage>) => (page.farEnd.linkIsDead = true)],
    [
      'the instance answers nothing',
      (page: ReturnType<typeof openPage>) => {
        page.farEnd.isAway = true
        page.page.type('x')
      },
    ],
  ])('is not taken after 5 s in which %s', (_, happens) => {
    const page = openPage()
    page.clock.advance(2_000)
    happens(page)
    page.clock.advance(4_500)
    expect(page.page.type('a')).toBe(true)
    page.clock.advance(1_500)
    expect(page.now().silentSince).not.toBeNull()
    expect(page.page.type('b')).toBe(false)
    page.farEnd.isAway = page.farEnd.linkIsDead = false
    if (page.farEnd.graph.link.value.state !== 'live') page.farEnd.linkRegained()
    page.clock.advance(2_500)
    expect(page.now().silentSince).toBeNull()
    expect(page.page.type('c')).toBe(true)
    page.clock.advance(1_000)
    expect(text(page.farEnd.typed)).toMatch(/^x?ac$/)
  })

  test('is taken by a page that stood still itself', () => {
    const { clock, page, slept, ...rest } = openPage()
    clock.advance(2_000)
    slept.ms += 60_000
    clock.advance(250)
    expect(page.type('x')).toBe(true)
    expect(rest.now().silentSince).toBeNull()
  })

  test('is not sent after 10 s unless the user says so', () => {
    const { farEnd, page, clock, ...rest } = openPage()
    farEnd.isAway = true
    page.type('rm x\r')
    clock.advance(10_500)
    expect(rest.now().stale).toMatchObject({ bytes: 5 })
    farEnd.isAway = false
    clock.advance(20_000)
    expect(farEnd.typed).toEqual([])
    expect(page.type('y')).toBe(false)
    page.sendStale()
    clock.advance(1_000)
    expect(text(farEnd.typed)).toBe('rm x\r')
    expect(rest.now().stale).toBeNull()
  })

  test('is not sent by a machine that wakes up from sleep', () => {
    const { farEnd, page, clock, slept, ...rest } = openPage()
    farEnd.linkIsDead = true
    page.type('rm x\r')
    slept.ms += 3_600_000
    farEnd.linkIsDead = false
    farEnd.linkLost()
    farEnd.linkRegained()
    clock.advance(2_000)
    expect(farEnd.typed).toEqual([])
    expect(rest.now().stale).toMatchObject({ bytes: 5 })
  })

  test('that was discarded is not sent, and what is typed next is nobody else', () => {
    const { farEnd, page, clock, attachment } = openPage()
    const first = attachment()
    farEnd.isAway = true
    page.type('rm x\r')
    clock.advance(10_500)
    page.discardStale()
    farEnd.isAway = false
    clock.advance(15_000)
    page.type('ls\r')
    clock.advance(1_000)
    expect(text(farEnd.typed)).toBe('ls\r')
    expect(attachment()).not.toBe(first)
  })

  test('is refused as a whole where it is too much, and the user hears of it', () => {
    const { farEnd, page, clock, ...rest } = openPage()
    const most = LIMITS.terminalInputHoldBytes
    expect(page.type('x'.repeat(most + 1))).toBe(false)
    expect(rest.now().refusedBytes).toBe(most + 1)
    expect(page.type('y')).toBe(true)
    expect(rest.now().refusedBytes).toBeNull()
    clock.advance(1_000)
    expect(text(farEnd.typed)).toBe('y')
  })
})

describe('what the emulator answers by itself', () => {
  const answer = '\x1b[?1;2c'
  const answering = (page: ReturnType<typeof openPage>) => {
    page.screen.onDraw = () => void page.page.type(answer)
    return page
  }

  test('to a replay is dropped', () => {
    const page = openPage((far) => {
      far.writes(16)
      far.isAway = true
    })
    answering(page)
    page.farEnd.isAway = false
    page.clock.advance(15_000)
    expect([page.screen.next, page.farEnd.typed]).toEqual([16, []])
  })

  test('to live output is sent by the page that governs', () => {
    const { farEnd } = answering(openPage())
    farEnd.writes(10)
    expect(text(farEnd.typed)).toBe(answer)
  })

  test('to live output is dropped by every other page', () => {
    const page = answering(openPage((far) => far.governedBy('att_other')))
    page.clock.advance(1_000)
    page.farEnd.writes(10)
    expect(page.farEnd.typed).toEqual([])
  })

  test('to live output is sent though a replay waits behind it', () => {
    const page = answering(openPage())
    page.screen.isSlow = true
    page.farEnd.writes(10)
    page.farEnd.linkLost()
    page.farEnd.writes(10)
    page.farEnd.linkRegained()
    page.screen.draw()
    expect(text(page.farEnd.typed)).toBe(answer)
  })
})

describe('a page, whatever happens on the way', () => {
  const fates = fc.infiniteStream(fc.constantFrom<Fate>('comes', 'comes', 'comes', 'lost', 'twice', 'late'))
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ writes: fc.integer({ min: 1, max: 150 }) }) },
    { weight: 4, arbitrary: fc.record({ types: fc.string({ minLength: 1, maxLength: 5, unit: 'grapheme-ascii' }) }) },
    { weight: 4, arbitrary: fc.record({ passes: fc.integer({ min: 1, max: 1500 }) }) },
    { weight: 2, arbitrary: fc.record({ bad: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ link: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ slow: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ away: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ keeps: fc.integer({ min: 100, max: 400 }) }) },
    { weight: 1, arbitrary: fc.record({ resizes: fc.integer({ min: 20, max: 200 }) }) },
    { weight: 1, arbitrary: fc.constant({ closes: true }) },
  )

  test('shows a prefix of the output and in the end all of it, and brings every key there once', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fates, fc.boolean(), (steps, stream, exits) => {
        const { farEnd, screen, page, clock, ...rest } = openPage()
        const fate: Iterator<Fate, undefined> = stream[Symbol.iterator]()
        const accepted: string[] = []
        let wanted = 100
        for (const each of steps) {
          if ('writes' in each) farEnd.writes(each.writes)
          else if ('types' in each) {
            if (page.type(each.types)) accepted.push(each.types)
          } else if ('passes' in each) clock.advance(each.passes)
          else if ('bad' in each) farEnd.fate = each.bad ? () => fate.next().value ?? 'comes' : () => 'comes'
          else if ('link' in each) {
            if (each.link && farEnd.graph.link.value.state === 'lost') farEnd.linkRegained()
            if (!each.link && farEnd.graph.link.value.state === 'live') farEnd.linkLost()
          } else if ('slow' in each) {
            screen.isSlow = each.slow
            if (!each.slow) screen.draw()
          } else if ('away' in each) farEnd.isAway = each.away
          else if ('keeps' in each) farEnd.keeps(each.keeps)
          else if ('resizes' in each) page.resize({ cols: (wanted = each.resizes), rows: 30 })
          else farEnd.fault('SLOW_CONSUMER')
          expect(screen.isRight).toBe(true)
          expect(screen.next).toBeLessThanOrEqual(farEnd.head)
        }

        farEnd.fate = () => 'comes'
        farEnd.isAway = false
        if (farEnd.graph.link.value.state === 'lost') farEnd.linkRegained()
        screen.isSlow = false
        screen.draw()
        if (exits) farEnd.exits()
        for (let seconds = 0; seconds < 60; seconds++) {
          clock.advance(1_000)
          if (rest.now().stale) page.sendStale()
        }
        expect(screen.isRight).toBe(true)
        expect(screen.next).toBe(farEnd.head)
        expect(rest.now().phase).toBe(exits ? 'ended' : 'live')
        if (!exits) {
          expect(text(farEnd.typed)).toBe(accepted.join(''))
          expect(rest.now().size).toEqual({ cols: wanted, rows: 30 })
        }
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})
