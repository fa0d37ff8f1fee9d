import { describe, expect, test } from 'vitest'
import { LIMITS } from '@sindri/schema/contract/limits'
import { createFakeClock } from '../platform/clock.fake.ts'
import { openScriptedSession, terminalId } from './session.scripted.ts'

const KiB = 1024
const base = Buffer.from(Array.from({ length: 1024 * KiB + 251 }, (_, i) => (i * 31 + (i >> 8)) % 251))
const pattern = (bytes: number, seed = 0): Buffer => base.subarray(seed, seed + bytes)

describe('a session', () => {
  test('sends live output at once to those who have joined', () => {
    const { pty, view, sent } = openScriptedSession()
    const viewer = view('a')
    pty.writes('hello')
    expect(sent.filter(({ frame }) => frame.kind === 'output')).toMatchObject([
      { to: null, frame: { offset: 0, data: Buffer.from('hello'), replay: false } },
    ])
    expect(viewer.screen.toString()).toBe('hello')
  })

  test('sends nothing while nobody looks', async () => {
    const { pty, sent, clock } = openScriptedSession()
    pty.writes(pattern(100 * KiB))
    await clock.advance(60_000)
    expect(sent).toEqual([])
  })

  test('replays from the offset asked for, byte for byte', () => {
    const { pty, view } = openScriptedSession()
    pty.writes('0123456789')
    expect(view('a', 4).screen.toString()).toBe('456789')
    expect(view('b').screen.toString()).toBe('0123456789')
  })

  test('names the place where a replay joins the live output', async () => {
    const { pty, view, frames, clock } = openScriptedSession()
    pty.writes('abc')
    const viewer = view('a')
    pty.writes('def')
    await clock.advance(5)
    expect(frames('joined')).toEqual([{ kind: 'joined', offset: 3, cols: 80, rows: 24 }])
    expect(viewer.screen.toString()).toBe('abcdef')
  })

  test('replays no further than 256 KiB beyond the last acknowledgement', async () => {
    const { pty, view, ack, clock } = openScriptedSession()
    const all = pattern(1024 * KiB)
    pty.writes(all)
    const viewer = view('a')
    await clock.advance(0)
    expect(viewer.expected).toBe(256 * KiB)
    ack(viewer, 100 * KiB)
    expect(viewer.expected).toBe(356 * KiB)
    while (!viewer.joined) {
      ack(viewer)
      await clock.advance(0)
    }
    expect(viewer.screen.equals(all)).toBe(true)
  })

  test('keeps frames small', () => {
    const { pty, view, frames } = openScriptedSession()
    view('a')
    pty.writes(pattern(200 * KiB))
    const sizes = frames('output').map((frame) => (frame.kind === 'output' ? frame.data.length : 0))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(LIMITS.terminalChunkBytes)
  })

  test('starts a replay again when the same attachment attaches again', async () => {
    const { pty, view, again, clock } = openScriptedSession()
    pty.writes(pattern(600 * KiB))
    const viewer = view('a')
    await clock.advance(0)
    const reached = viewer.expected
    again(viewer)
    expect(viewer.expected).toBe(reached + 256 * KiB)
  })

  test('carries a resize in its place among the bytes, live and in a replay', () => {
    const { pty, view, session, frames } = openScriptedSession()
    view('a')
    pty.writes('ab')
    session.resize({ terminalId, attachmentId: 'a', cols: 100, rows: 40 })
    pty.writes('cd')
    expect(pty.sizes).toEqual([{ cols: 100, rows: 40 }])
    const late = view('b', 0, { cols: 100, rows: 40 })
    expect(late.screen.toString()).toBe('abcd')
    expect(late.size).toEqual({ cols: 100, rows: 40 })
    expect(frames('resized').slice(-2)).toEqual([
      { kind: 'resized', offset: 0, cols: 80, rows: 24, replay: true },
      { kind: 'resized', offset: 2, cols: 100, rows: 40, replay: true },
    ])
  })

  test('takes the size of its governor, and keeps a possible one', () => {
    const { pty, view, type } = openScriptedSession()
    const first = view('a', null, { cols: 90, rows: 30 })
    view('b', null, { cols: 5000, rows: 0 })
    type(first, 0, 'x')
    expect(pty.sizes).toEqual([
      { cols: 90, rows: 30 },
      { cols: 1000, rows: 1 },
      { cols: 90, rows: 30 },
    ])
  })
})

describe('a session whose ring has turned over', () => {
  const lines = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `line ${from + i}\r\n`).join('')

  test('says what is lost, goes on at a line start, and nudges the program to draw again', async () => {
    const { pty, view, clock, ack } = openScriptedSession({ ringBytes: 4 * KiB })
    pty.writes(lines(1000))
    const viewer = view('a')
    expect(viewer.losses).toHaveLength(1)
    const [lost] = viewer.losses
    expect(lost).toMatchObject({ from: 0 })
    const text = viewer.screen.toString()
    expect(lines(1000).endsWith(text)).toBe(true)
    expect(text).toMatch(/^line \d+\r\n/)
    expect(Buffer.byteLength(lines(1000)) - lost!.to).toBe(viewer.screen.length)
    ack(viewer)
    await clock.advance(1000)
    expect(pty.sizes).toEqual([
      { cols: 80, rows: 23 },
      { cols: 80, rows: 24 },
    ])
    expect(viewer.size).toEqual({ cols: 80, rows: 24 })
  })

  test('never begins a screen inside an escape sequence', () => {
    const { pty, view } = openScriptedSession({ ringBytes: 1000 })
    const title = `\x1b]0;${'t'.repeat(500)}\n${'u'.repeat(500)}\x07`
    pty.writes(`first\r\n${title}after\r\nlast`)
    expect(view('a').screen.toString()).toBe('last')
  })

  test('does not nudge a viewer that lost nothing', async () => {
    const { pty, view, clock } = openScriptedSession({ ringBytes: 4 * KiB })
    pty.writes(lines(1000))
    const viewer = view('a', Buffer.byteLength(lines(1000)) - 100)
    await clock.advance(1000)
    expect(viewer.losses).toEqual([])
    expect(pty.sizes).toEqual([])
  })

  test('answers a viewer from another time with all it has', () => {
    const { pty, view } = openScriptedSession()
    pty.writes('abc')
    const viewer = view('a', 999)
    expect(viewer.losses).toEqual([])
    expect(viewer.joined).toBe(true)
  })

  test('sends one window, not the flood, to a replay whose viewer has gone away', async () => {
    const { pty, view, clock, frames } = openScriptedSession({ ringBytes: 512 * KiB })
    pty.writes(pattern(500 * KiB))
    view('a')
    await clock.advance(LIMITS.governorSilenceMs)
    for (let i = 0; i < 100; i++) pty.writes(pattern(64 * KiB))
    const bytes = frames('output').reduce((sum, frame) => sum + (frame.kind === 'output' ? frame.data.length : 0), 0)
    expect(bytes).toBe(256 * KiB)
  })
})

describe('a viewer that does not keep up with the one who governs', () => {
  const flood = async (
    scripted: ReturnType<typeof openScriptedSession>,
    mebibytes: number,
    acks: readonly string[],
  ) => {
    const written: Buffer[] = []
    for (let i = 0; i < mebibytes * 16; i++) {
      const bytes = pattern(64 * KiB, i % 200)
      written.push(bytes)
      scripted.pty.writes(bytes)
      await scripted.clock.advance(5)
      for (const id of acks) scripted.ack(scripted.viewers.get(id)!)
    }
    return Buffer.concat(written)
  }

  test('costs no more than its share, and does not slow the other one down', async () => {
    const scripted = openScriptedSession()
    const { view, type, pty } = scripted
    const fast = view('fast')
    const slow = view('slow')
    type(fast, 0, 'x')
    const all = await flood(scripted, 16, ['fast'])
    expect(fast.screen.equals(all)).toBe(true)
    expect(pty.isPaused).toBe(false)
    expect(slow.expected).toBeLessThan(1.6 * 1024 * KiB)
    expect(slow.screen.equals(all.subarray(0, slow.expected))).toBe(true)
  })

  test('goes on at its own pace from its own place, and joins again', async () => {
    const scripted = openScriptedSession()
    const { view, type, ack, clock } = scripted
    type(view('fast'), 0, 'x')
    const slow = view('slow')
    const all = await flood(scripted, 3, ['fast'])
    for (let acks = 0; acks < 20; acks++) {
      ack(slow)
      await clock.advance(10)
      expect(slow.isBehind).toBe(false)
    }
    expect(slow.losses).toEqual([])
    expect(slow.joined).toBe(true)
    expect(slow.screen.equals(all)).toBe(true)
  })

  test('is told what it lost when the ring has turned over, and joins again', async () => {
    const scripted = openScriptedSession()
    const { view, type, ack, clock } = scripted
    type(view('fast'), 0, 'x')
    const slow = view('slow')
    const all = await flood(scripted, 8, ['fast'])
    for (let acks = 0; acks < 20; acks++) {
      ack(slow)
      await clock.advance(200)
    }
    expect(slow.losses).toHaveLength(1)
    expect(slow.joined).toBe(true)
    expect(slow.expected).toBe(all.length)
    expect(all.subarray(slow.losses[0]!.to).equals(slow.screen)).toBe(true)
  })
})

describe('a viewer that was forgotten though it looks', () => {
  test('is told so by its first acknowledgement, and then asks again', () => {
    const { pty, view, session, ack, again } = openScriptedSession()
    view('other')
    const viewer = view('a')
    session.detach('a')
    pty.writes('hello')
    ack(viewer)
    expect(viewer.joined).toBe(false)
    again(viewer)
    expect([viewer.joined, viewer.screen.toString()]).toEqual([true, 'hello'])
  })

  test('is told so when it types, for without output it has nothing to acknowledge', () => {
    const { view, session, type, pty } = openScriptedSession()
    const viewer = view('a')
    session.detach('a')
    type(viewer, 0, 'x')
    expect([pty.typed, viewer.joined]).toEqual(['x', false])
  })

  test('is not told again and again when it acknowledges that at once', async () => {
    const { view, session, ack, frames, clock } = openScriptedSession()
    const viewer = view('a')
    session.detach('a')
    const before = frames('resized').length
    for (let acks = 0; acks < 50; acks++) ack(viewer)
    expect(frames('resized')).toHaveLength(before + 1)
    await clock.advance(1_000)
    ack(viewer)
    expect(frames('resized')).toHaveLength(before + 2)
  })
})

describe('what a program asks its terminal', () => {
  const replayFlags = (scripted: ReturnType<typeof openScriptedSession>) =>
    scripted.frames('output').map((frame) => frame.kind === 'output' && frame.replay)

  test('is put to the first viewer of a program that has just started', () => {
    const scripted = openScriptedSession()
    scripted.pty.writes('\x1b[c')
    scripted.view('a')
    scripted.view('b')
    expect(replayFlags(scripted)).toEqual([false, true])
  })

  test('is history for a viewer that comes later', async () => {
    const scripted = openScriptedSession()
    scripted.pty.writes('\x1b[c')
    await scripted.clock.advance(5000)
    scripted.view('a')
    expect(replayFlags(scripted)).toEqual([true])
  })

  test('is known to be for another one before the first live byte', () => {
    const { view, type } = openScriptedSession()
    type(view('a'), 0, 'x')
    expect(view('b').governor).toBe('a')
  })
})

describe('the flow of a session', () => {
  test('pauses the program for a governor that falls behind, and lets it go on with its acknowledgements', () => {
    const { pty, view, ack } = openScriptedSession()
    const viewer = view('a')
    for (let i = 0; i < 5; i++) pty.writes(pattern(64 * KiB))
    expect(pty.isPaused).toBe(true)
    ack(viewer)
    expect(pty.isPaused).toBe(false)
  })

  test('lets the program run when the governor says nothing for 2 s', async () => {
    const { pty, view, clock } = openScriptedSession()
    view('a')
    for (let i = 0; i < 5; i++) pty.writes(pattern(64 * KiB))
    await clock.advance(LIMITS.governorSilenceMs - 1)
    expect(pty.isPaused).toBe(true)
    await clock.advance(1)
    expect(pty.isPaused).toBe(false)
  })

  test('lets the program run though the timer of the silence comes a hair too early, as timers do', async () => {
    const fake = createFakeClock()
    const early = { ...fake, after: (ms: number, run: () => void) => fake.after(Math.max(0, ms - 0.4), run) }
    const { pty, view } = openScriptedSession({ clock: early })
    view('a')
    for (let i = 0; i < 5; i++) pty.writes(pattern(64 * KiB))
    await fake.advance(LIMITS.governorSilenceMs + 10)
    expect(pty.isPaused).toBe(false)
  })

  test('lets the program run when the governor leaves', () => {
    const { pty, view, session } = openScriptedSession()
    view('a')
    for (let i = 0; i < 5; i++) pty.writes(pattern(64 * KiB))
    session.detach('a')
    expect(pty.isPaused).toBe(false)
  })

  test('has a bounded amount under way when the console is slow, and goes on where it was', async () => {
    const scripted = openScriptedSession()
    const { pty, view, ack, answer, clock } = scripted
    const viewer = view('a')
    scripted.console.isSlow = true
    const all: Buffer[] = []
    for (let i = 0; i < 16; i++) {
      const bytes = pattern(64 * KiB, i)
      all.push(bytes)
      pty.writes(bytes)
      ack(viewer)
      await clock.advance(5)
    }
    expect(scripted.mostInFlightBytes).toBeLessThanOrEqual(256 * KiB + LIMITS.terminalChunkBytes)
    while (viewer.expected < 1024 * KiB) {
      await answer()
      ack(viewer)
      await clock.advance(5)
    }
    expect(viewer.screen.equals(Buffer.concat(all))).toBe(true)
    expect(viewer.isBehind).toBe(false)
  })

  test('sends nothing while the link is away, and tells afterwards how far it is', async () => {
    const { pty, view, session, again, sent, clock } = openScriptedSession()
    const viewer = view('a')
    pty.writes('before ')
    session.linkLost()
    const count = sent.length
    pty.writes('meanwhile ')
    await clock.advance(5000)
    expect(sent).toHaveLength(count)
    session.linkRegained()
    await clock.advance(20)
    expect(viewer.isBehind).toBe(true)
    again(viewer)
    pty.writes('after')
    expect(viewer.screen.toString()).toBe('before meanwhile after')
  })

  test('does not count what was under way on a link that is gone', async () => {
    const scripted = openScriptedSession()
    const { pty, view, session, again, console, clock } = scripted
    const viewer = view('a')
    console.isSlow = true
    for (let i = 0; i < 4; i++) pty.writes(pattern(64 * KiB))
    await clock.advance(20)
    expect(viewer.expected).toBe(256 * KiB)
    session.linkLost()
    session.linkRegained()
    again(viewer)
    pty.writes('x')
    await clock.advance(5)
    expect(viewer.expected).toBe(256 * KiB + 1)
  })
})

describe('the input of a session', () => {
  test('reaches the program in order and once', () => {
    const { pty, view, type } = openScriptedSession()
    const viewer = view('a')
    type(viewer, 3, 'def')
    type(viewer, 0, 'abc')
    type(viewer, 0, 'abcdef')
    expect(pty.typed).toBe('abcdef')
  })

  test('is kept apart by writer', () => {
    const { pty, view, type } = openScriptedSession()
    type(view('a'), 0, 'one ')
    type(view('b'), 0, 'two')
    expect(pty.typed).toBe('one two')
  })

  test('goes on where it was when its page comes back', () => {
    const { pty, view, type, session, again } = openScriptedSession()
    const viewer = view('a')
    type(viewer, 0, 'abc')
    session.detach('a')
    again(viewer)
    type(viewer, 0, 'abc')
    type(viewer, 3, 'd')
    expect(pty.typed).toBe('abcd')
  })

  test('is acknowledged within 20 ms, once the program has been given it', async () => {
    const { pty, view, type, clock } = openScriptedSession()
    const viewer = view('a')
    pty.reads(false)
    type(viewer, 0, 'abc')
    await clock.advance(100)
    expect(viewer.inputAcked).toBe(0)
    pty.reads(true)
    await clock.advance(20)
    expect(viewer.inputAcked).toBe(3)
    expect(viewer.governor).toBe('a')
  })

  test('is acknowledged again when it comes again', async () => {
    const { view, type, clock, console } = openScriptedSession()
    const viewer = view('a')
    console.loses = (frame) => frame.kind === 'beacon'
    type(viewer, 0, 'abc')
    await clock.advance(20)
    expect(viewer.inputAcked).toBe(0)
    console.loses = () => false
    type(viewer, 0, 'abc')
    await clock.advance(20)
    expect(viewer.inputAcked).toBe(3)
  })

  test('goes on after many other pages have come and gone', () => {
    const { pty, view, type, session } = openScriptedSession()
    const first = view('first')
    type(first, 0, 'a')
    for (let i = 0; i < 100; i++) {
      type(view(`page ${i}`), 0, '.')
      session.detach(`page ${i}`)
    }
    type(first, 1, 'b')
    expect(pty.typed.replaceAll('.', '')).toBe('ab')
  })

  test('is bounded for a program that does not read, and complete once it does', async () => {
    const { pty, view, type, clock } = openScriptedSession()
    const viewer = view('a')
    pty.reads(false)
    const all = 'x'.repeat(1024 * KiB)
    const sendAll = () => {
      for (let offset = viewer.inputAcked; offset < all.length; offset += 32 * KiB)
        type(viewer, offset, all.slice(offset, offset + 32 * KiB))
    }
    sendAll()
    pty.reads(true)
    expect(pty.typed.length).toBeLessThanOrEqual(LIMITS.terminalInputHoldBytes)
    for (let resends = 0; resends < 5; resends++) {
      await clock.advance(1000)
      sendAll()
    }
    expect(pty.typed.length).toBe(all.length)
  })

  test('is echoed without delay in the middle of a batch', async () => {
    const { pty, view, type, clock } = openScriptedSession()
    const viewer = view('a')
    pty.writes('prompt$ ')
    await clock.advance(1)
    type(viewer, 0, 'l')
    pty.writes('l')
    expect(viewer.screen.toString()).toBe('prompt$ l')
  })
})

describe('the beacon of a session', () => {
  test('comes each second for 5 s after activity, then every 10 s', async () => {
    const { pty, view, clock, sent } = openScriptedSession()
    const viewer = view('a')
    await clock.advance(60_000)
    sent.length = 0
    const startMs = clock.monotonicMs()
    pty.writes('x')
    await clock.advance(30_000)
    const at = sent.flatMap(({ frame, atMs }) => (frame.kind === 'beacon' ? [Math.round((atMs - startMs) / 1000)] : []))
    expect(at).toEqual([1, 2, 3, 4, 5, 15, 25])
    expect(viewer.isBehind).toBe(false)
  })

  test('shows a viewer that the last frame was lost', async () => {
    const { pty, view, clock, again, console } = openScriptedSession()
    const viewer = view('a')
    console.loses = (frame) => frame.kind === 'output'
    pty.writes('gone')
    console.loses = () => false
    await clock.advance(1000)
    expect(viewer.isBehind).toBe(true)
    again(viewer)
    expect(viewer.screen.toString()).toBe('gone')
  })

  test('reaches a page that has been there longest, however many died without a word', async () => {
    const { pty, view, ack, clock } = openScriptedSession()
    const first = view('first')
    for (let i = 0; i < 100; i++) {
      view(`page ${i}`)
      ack(first)
    }
    pty.writes('x')
    await clock.advance(1000)
    expect(first.screen.toString()).toBe('x')
    expect([first.joined, first.governor]).toEqual([true, 'page 99'])
  })

  test('rests while nobody looks', async () => {
    const { pty, session, view, clock } = openScriptedSession()
    view('a')
    session.detach('a')
    pty.writes('x')
    await clock.advance(60_000)
    expect(clock.timerCount()).toBe(0)
  })
})

describe('the end of a session', () => {
  test('is told after the last byte, with how it ended', () => {
    const { pty, view, ends } = openScriptedSession()
    const viewer = view('a')
    pty.writes('a')
    pty.writes('bye')
    pty.exits({ exitCode: 3, signal: null })
    expect(viewer.screen.toString()).toBe('abye')
    expect(viewer.closed).toEqual({ kind: 'closed', finalOffset: 4, exitCode: 3, signal: null, reason: 'EXITED' })
    expect(ends).toEqual([
      { terminalId, pid: 4242, outputHead: 4, ended: { finalOffset: 4, exitCode: 3, signal: null, reason: 'EXITED' } },
    ])
  })

  test('comes to a slow viewer with the whole tail', async () => {
    const { pty, view, ack, clock } = openScriptedSession()
    const all = pattern(900 * KiB)
    pty.writes(all)
    const viewer = view('a')
    expect(pty.isPaused).toBe(true)
    pty.writes('tail')
    pty.exits({ exitCode: 0, signal: null })
    expect(viewer.closed).toBeNull()
    for (let acks = 0; acks < 20; acks++) {
      ack(viewer)
      await clock.advance(0)
    }
    expect(viewer.screen.equals(Buffer.concat([all, Buffer.from('tail')]))).toBe(true)
    expect(viewer.closed).toMatchObject({ finalOffset: 900 * KiB + 4 })
  })

  test('is told again to one who missed it', async () => {
    const { pty, view, clock, console } = openScriptedSession()
    const viewer = view('a')
    console.loses = (frame) => frame.kind === 'closed'
    pty.exits({ exitCode: 0, signal: null })
    console.loses = () => false
    expect(viewer.closed).toBeNull()
    await clock.advance(1000)
    expect(viewer.closed).not.toBeNull()
  })

  test('is told to one who attaches afterwards, behind the output', () => {
    const { pty, view } = openScriptedSession()
    pty.writes('late')
    pty.exits({ exitCode: 0, signal: null })
    const viewer = view('a')
    expect(viewer.screen.toString()).toBe('late')
    expect(viewer.closed).toMatchObject({ finalOffset: 4 })
  })

  test('is asked for politely, then forced after 3 s', async () => {
    const { pty, session, clock, ends } = openScriptedSession({ ignoresHangup: true })
    let done = false
    void session.close('ENDED').then(() => (done = true))
    expect(pty.signals).toEqual(['SIGHUP'])
    await clock.advance(2999)
    expect([pty.signals, done]).toEqual([['SIGHUP'], false])
    await clock.advance(100)
    expect([pty.signals, done]).toEqual([['SIGHUP', 'SIGKILL'], true])
    expect(ends[0]?.ended).toMatchObject({ signal: 'SIGKILL', reason: 'ENDED' })
  })

  test('keeps its first reason', async () => {
    const { session, clock, ends } = openScriptedSession()
    void session.close('REVOKED')
    void session.close('ENDED')
    await clock.advance(100)
    expect(ends).toMatchObject([{ ended: { reason: 'REVOKED' } }])
  })

  test('takes no more input', () => {
    const { pty, view, type } = openScriptedSession()
    const viewer = view('a')
    pty.exits({ exitCode: 0, signal: null })
    type(viewer, 0, 'x')
    expect(pty.typed).toBe('')
  })
})
