// A session on a scripted PTY, a clock moved by hand and a console that can be slow, lossy or away.
import { createFakeClock } from '../platform/clock.fake.ts'
import type { TerminalFrame } from './frames.ts'
import { createScriptedPty } from './pty.scripted.ts'
import { openSession, type SessionOptions, type TerminalReport } from './session.ts'
import { createScriptedViewer, type ScriptedViewer } from './viewer.scripted.ts'

export const terminalId = 'trm_1'
const windowSize = { cols: 80, rows: 24 }

export function openScriptedSession(options: Partial<SessionOptions> & { ignoresHangup?: boolean } = {}) {
  const clock = createFakeClock()
  const pty = createScriptedPty({ ignoresHangup: options.ignoresHangup ?? false })
  const viewers = new Map<string, ScriptedViewer>()
  const sent: { to: string | null; frame: TerminalFrame; atMs: number }[] = []
  const ends: TerminalReport[] = []
  const waiting: (() => void)[] = []
  const console = {
    /** Answers wait until `answer()`. */
    isSlow: false,
    loses: (_frame: TerminalFrame): boolean => false,
  }
  let inFlightBytes = 0
  let mostInFlightBytes = 0

  async function publish(to: string | null, frames: TerminalFrame[]): Promise<void> {
    const bytes = frames.reduce((sum, frame) => sum + (frame.kind === 'output' ? frame.data.length : 0), 0)
    inFlightBytes += bytes
    mostInFlightBytes = Math.max(mostInFlightBytes, inFlightBytes)
    for (const frame of frames) {
      sent.push({ to, frame, atMs: clock.monotonicMs() })
      if (console.loses(frame)) continue
      for (const viewer of viewers.values()) if (to === null || to === viewer.id) viewer.receive(frame, to === null)
    }
    if (console.isSlow) await new Promise<void>((resolve) => waiting.push(resolve))
    inFlightBytes -= bytes
  }

  const session = openSession({
    terminalId,
    pty,
    size: windowSize,
    ringBytes: 2 * 1024 * 1024,
    clock,
    publish,
    linkIsUp: true,
    onEnded: (report) => ends.push(report),
    ...options,
  })

  const attach = (viewer: ScriptedViewer, from: number | null, size = windowSize): void => {
    viewers.set(viewer.id, viewer)
    viewer.attached()
    session.attach({ terminalId, attachmentId: viewer.id, from, ...size })
  }

  return {
    clock,
    pty,
    session,
    sent,
    ends,
    console,
    viewers,
    attach,
    view(id: string, from: number | null = null, size = windowSize): ScriptedViewer {
      const viewer = createScriptedViewer(id, from)
      attach(viewer, from, size)
      return viewer
    },
    again: (viewer: ScriptedViewer) => attach(viewer, viewer.expected),
    ack: (viewer: ScriptedViewer, offset = viewer.expected) =>
      session.ack({ terminalId, attachmentId: viewer.id, offset }),
    type: (viewer: ScriptedViewer, offset: number, text: string) =>
      session.input({ terminalId, writer: viewer.id, offset, data: Buffer.from(text, 'latin1') }),
    /** The console answers what it has received so far. */
    async answer() {
      for (const resolve of waiting.splice(0)) resolve()
      await clock.advance(0)
    },
    get mostInFlightBytes() {
      return mostInFlightBytes
    },
    frames: (kind: TerminalFrame['kind']) => sent.filter(({ frame }) => frame.kind === kind).map(({ frame }) => frame),
  }
}
