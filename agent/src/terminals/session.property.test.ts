import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openScriptedSession } from './session.scripted.ts'
import type { ScriptedViewer } from './viewer.scripted.ts'

const KiB = 1024
const ringBytes = 64 * KiB

const id = fc.constantFrom('a', 'b')
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ writes: fc.integer({ min: 1, max: 24 * KiB }) }) },
  { weight: 3, arbitrary: fc.record({ acks: id }) },
  { weight: 3, arbitrary: fc.record({ passes: fc.integer({ min: 1, max: 1500 }) }) },
  { weight: 2, arbitrary: fc.record({ loses: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ attaches: id, fresh: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ link: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ answers: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ resizes: id, cols: fc.integer({ min: 20, max: 200 }) }) },
)

test('whatever is lost on the way, what a viewer shows is what the program wrote, and in the end all of it that is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), fc.boolean(), async (steps, exits) => {
      const scripted = openScriptedSession({ ringBytes })
      const { pty, session, clock, console, view, again, ack, viewers, answer } = scripted
      let all = Buffer.alloc(0)
      let loseNext = 0
      let written = 0
      console.loses = () => loseNext > 0 && loseNext-- > 0

      const check = (viewer: ScriptedViewer): void => {
        const base = viewer.expected - viewer.screen.length
        expect(viewer.screen.equals(all.subarray(base, viewer.expected))).toBe(true)
        expect(base).toBe(viewer.losses.at(-1)?.to ?? 0)
      }

      for (const each of steps) {
        if ('writes' in each && !pty.isPaused) {
          const bytes = Buffer.from(Array.from({ length: each.writes }, () => (written++ * 7919) % 253))
          all = Buffer.concat([all, bytes])
          pty.writes(bytes)
        } else if ('acks' in each) {
          const viewer = viewers.get(each.acks)
          if (viewer) ack(viewer)
        } else if ('passes' in each) await clock.advance(each.passes)
        else if ('loses' in each) loseNext = each.loses
        else if ('attaches' in each) {
          const viewer = viewers.get(each.attaches)
          if (viewer && !each.fresh) again(viewer)
          else view(each.attaches)
        } else if ('link' in each) {
          if (each.link) session.linkRegained()
          else session.linkLost()
        } else if ('answers' in each) {
          console.isSlow = !each.answers
          if (each.answers) await answer()
        } else if ('resizes' in each) {
          session.resize({ terminalId: 'trm_1', attachmentId: each.resizes, cols: each.cols, rows: 24 })
        }
        viewers.forEach(check)
      }

      // From here on nothing is lost: the pages do what they do each second.
      loseNext = 0
      console.isSlow = false
      session.linkRegained()
      await answer()
      if (exits) pty.exits({ exitCode: 0, signal: null })
      for (let second = 0; second < 30; second++) {
        for (const viewer of viewers.values()) {
          if (viewer.isBehind || !viewer.joined) again(viewer)
          ack(viewer)
        }
        await clock.advance(1000)
        viewers.forEach(check)
      }
      for (const viewer of viewers.values()) {
        expect(viewer.expected).toBe(all.length)
        expect(viewer.joined).toBe(true)
        expect(viewer.size?.cols).toBe(pty.sizes.at(-1)?.cols ?? 80)
        if (exits) expect(viewer.closed).toMatchObject({ finalOffset: all.length })
      }
      expect(pty.isPaused).toBe(false)
    }),
    { numRuns: 100 },
  )
}, 60_000)
