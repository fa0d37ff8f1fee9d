import { LIMITS } from '@sindri/schema/contract/limits'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Commands, createCommands } from '../commands/commands.ts'
import type { CommandEnd, Sinks } from '../commands/run.ts'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import { createLog } from '../platform/log.ts'
import { openOutbox, type Outbox } from '../platform/outbox/outbox.ts'
import { type CommandWire, createCommandWire } from './commandWire.ts'
import type { Link } from './openLink.ts'
import { Refused, Unanswered } from './refused.ts'

const run = '01JZZZZZZZZZZZZZZZZZZZZZZZ'

interface Begun {
  id: string
  sinks: Sinks
  end: (outcome: CommandEnd['outcome'], stdoutBytes?: number) => Promise<void>
  /** What was asked of it. */
  asked: string[]
}

/** What a link was asked, and how it answers. */
interface Scripted {
  claims: { id: string; answer: (granted: boolean) => Promise<void>; fail: (error: Error) => Promise<void> }[]
  reports: string[][]
  end: () => Promise<void>
}

let clock: FakeClock
let outbox: Outbox
let commands: Commands
let wire: CommandWire
let begun: Begun[]
let lines: string[]
let refuseReport: Error | null

const settled = (): Promise<void> => clock.advance(0)

beforeEach(async () => {
  clock = createFakeClock()
  begun = []
  lines = []
  refuseReport = null
  const log = createLog({ level: 'info', format: 'plain', clock, write: (line) => void lines.push(line) })
  outbox = await openOutbox({ dir: null, run, clock, nowMs: clock.now, log })
  commands = createCommands({
    clock,
    log,
    outbox,
    nowMs: clock.now,
    start({ commandId: id }, sinks) {
      const ended = Promise.withResolvers<CommandEnd>()
      const asked: string[] = []
      const end: Begun['end'] = async (outcome, stdoutBytes = 0) => {
        const none = { exitCode: null, signal: null, message: null, stderrBytes: 0, droppedBytes: 0, durationMs: 1 }
        ended.resolve({ ...none, outcome, stdoutBytes })
        await settled()
      }
      begun.push({ id, sinks, end, asked })
      return {
        ended: ended.promise,
        end(why) {
          asked.push(why)
          void end(why === 'CANCELLED' ? why : 'FAILED')
        },
      }
    },
  })
  wire = createCommandWire({ commands, outbox, clock, log })
})

function link(protocolVersion = '1.1'): Scripted {
  const claims: Scripted['claims'] = []
  const reports: string[][] = []
  const over = Promise.withResolvers<never>()
  over.promise.catch(() => {})
  const ask = ({ query }: { query: string }, variables: { id: string; ids: string[] }): Promise<unknown> => {
    if (query.includes('reportCommands')) {
      reports.push(variables.ids)
      return refuseReport ? Promise.reject(refuseReport) : Promise.resolve({ reportCommands: true })
    }
    expect(query).toContain('claimCommand')
    const answer = Promise.withResolvers<unknown>()
    claims.push({
      id: variables.id,
      answer: (claimCommand) => (answer.resolve({ claimCommand }), settled()),
      fail: (error) => (answer.reject(error), settled()),
    })
    return Promise.race([answer.promise, over.promise])
  }
  const undo = wire.linked({ ask, ack: { protocolVersion } } as unknown as Link)
  return {
    claims,
    reports,
    end() {
      undo()
      over.reject(new Unanswered('the link closed'))
      return settled()
    },
  }
}

async function order(...ids: string[]): Promise<void> {
  const more = { command: 'true', args: null, cwd: null, env: [], stdin: null, timeoutMs: 30_000 }
  for (const commandId of ids) expect(wire.obey({ __typename: 'CommandRunOrder', commandId, ...more })).toBe(true)
  await settled()
}
const cancel = (commandId: string): boolean => wire.obey({ __typename: 'CommandCancelOrder', commandId })

const records = async (): Promise<Record<string, unknown>[]> => {
  const batch = await outbox.take(['commands'])
  if (batch) outbox.release(batch)
  return batch?.records.map(({ value }) => ({ ...value })) ?? []
}
const ids = (): string[] => begun.map(({ id }) => id)

describe('a command', () => {
  it('begins when the console grants it, and not before', async () => {
    const { claims } = link()
    await order('cmd_1')
    await clock.advance(60_000)
    expect([claims.map(({ id }) => id), ids()]).toEqual([['cmd_1'], []])
    await claims[0]?.answer(true)
    expect(ids()).toEqual(['cmd_1'])
  })

  it('is forgotten when it is not granted, and asked for again when it is ordered again', async () => {
    const { claims } = link()
    await order('cmd_1')
    await claims[0]?.answer(false)
    expect([ids(), commands.held()]).toEqual([[], []])
    await order('cmd_1')
    await claims[1]?.answer(true)
    expect(ids()).toEqual(['cmd_1'])
  })

  it('never begins twice: not while it is asked for, not while it runs, not after its end, over whichever link', async () => {
    const first = link()
    await order('cmd_1', 'cmd_1')
    expect(first.claims).toHaveLength(1)
    await first.claims[0]?.answer(true)
    await order('cmd_1')
    await first.end()
    const second = link()
    await order('cmd_1')
    await begun[0]?.end('SUCCEEDED')
    await order('cmd_1')
    expect([first.claims.length, second.claims.length, ids()]).toEqual([1, 0, ['cmd_1']])
  })

  it('whose claim nobody answered is asked for again on the next link, though its order does not come again', async () => {
    const first = link()
    await order('cmd_1')
    await first.end()
    expect([ids(), commands.held()]).toEqual([[], ['cmd_1']])
    const second = link()
    await settled()
    expect(second.claims.map(({ id }) => id)).toEqual(['cmd_1'])
    await second.claims[0]?.answer(true)
    expect(ids()).toEqual(['cmd_1'])
  })

  it('begins once where the answer of an older link comes beside that of the next one', async () => {
    const first = link()
    await order('cmd_1')
    const second = link()
    await second.claims[0]?.answer(true)
    await first.claims[0]?.answer(true)
    expect(ids()).toEqual(['cmd_1'])
  })

  it.each([
    ['a time-out', new Unanswered('no answer within 20 s')],
    ['UNAVAILABLE', new Refused('UNAVAILABLE', 'busy', { retryAfterMs: 500 })],
    ['INTERNAL', new Refused('INTERNAL', 'a defect')],
    ['SUPERSEDED', new Refused('SUPERSEDED', 'a newer link')],
  ])('is asked for again on the same link after %s: it may have been granted', async (_, error) => {
    const { claims } = link()
    await order('cmd_1')
    await claims[0]?.fail(error)
    expect([commands.held(), claims.length]).toEqual([['cmd_1'], 1])
    await clock.advance(1_000)
    await claims[1]?.answer(true)
    expect(ids()).toEqual(['cmd_1'])
  })

  it.each(['NOT_FOUND', 'BAD_INPUT', 'BAD_QUERY'] as const)('is forgotten after %s', async (code) => {
    const { claims } = link()
    await order('cmd_1')
    await claims[0]?.fail(new Refused(code, 'no such command'))
    await clock.advance(60_000)
    expect([commands.held(), claims.length, ids()]).toEqual([[], 1, []])
  })

  it('is told of with its output and then its end', async () => {
    const { claims } = link()
    await order('cmd_1')
    await claims[0]?.answer(true)
    expect(begun[0]?.sinks.STDOUT.keep(0, Buffer.from([0, 255]))).toBe(true)
    expect(begun[0]?.sinks.STDERR.keep(0, Buffer.from('no'))).toBe(true)
    await begun[0]?.end('SUCCEEDED', 2)
    expect(await records()).toEqual([
      { run, seq: 1, commandId: 'cmd_1', output: { stream: 'STDOUT', offset: 0, data: 'AP8=' } },
      { run, seq: 2, commandId: 'cmd_1', output: { stream: 'STDERR', offset: 0, data: 'bm8=' } },
      { run, seq: 3, commandId: 'cmd_1', finished: expect.objectContaining({ outcome: 'SUCCEEDED', stdoutBytes: 2 }) },
    ])
  })

  it('goes on while there is no link', async () => {
    const { claims, end } = link()
    await order('cmd_1')
    await claims[0]?.answer(true)
    await end()
    await begun[0]?.end('SUCCEEDED')
    expect(await records()).toEqual([expect.objectContaining({ commandId: 'cmd_1', seq: 1 })])
  })
})

describe('a cancel', () => {
  it('ends what runs', async () => {
    const { claims } = link()
    await order('cmd_1')
    await claims[0]?.answer(true)
    expect(cancel('cmd_1')).toBe(true)
    await settled()
    expect(begun[0]?.asked).toEqual(['CANCELLED'])
    expect(await records()).toMatchObject([{ commandId: 'cmd_1', finished: { outcome: 'CANCELLED' } }])
  })

  it('of one whose claim is unanswered keeps it from beginning, and its end is told', async () => {
    const { claims } = link()
    await order('cmd_1')
    cancel('cmd_1')
    await claims[0]?.answer(true)
    expect(ids()).toEqual([])
    expect(await records()).toMatchObject([{ commandId: 'cmd_1', finished: { outcome: 'CANCELLED', durationMs: 0 } }])
  })

  it('of one that is unknown, or has ended, changes nothing', async () => {
    const { claims } = link()
    await order('cmd_1')
    await claims[0]?.answer(true)
    await begun[0]?.end('SUCCEEDED')
    cancel('cmd_1')
    cancel('cmd_unknown')
    await settled()
    expect([begun[0]?.asked, (await records()).length]).toEqual([[], 1])
  })
})

describe('many commands', () => {
  const many = Array.from({ length: LIMITS.commandsPerAgent }, (_, index) => `cmd_${index}`)

  it('run so many at once; the others wait unclaimed, and follow in order', async () => {
    const { claims } = link()
    await order(...many)
    const asked = (): string[] => claims.map(({ id }) => id)
    expect(asked()).toEqual(many.slice(0, LIMITS.commandsAtOnce))
    for (const claim of claims.slice()) await claim.answer(true)
    await clock.advance(60_000)
    expect(asked()).toHaveLength(LIMITS.commandsAtOnce)
    await begun[3]?.end('SUCCEEDED')
    expect(asked().slice(LIMITS.commandsAtOnce)).toEqual([many[LIMITS.commandsAtOnce]])
    // One that is taken back meanwhile makes room for the next.
    await claims.at(-1)?.answer(false)
    expect(asked().slice(LIMITS.commandsAtOnce)).toEqual(many.slice(LIMITS.commandsAtOnce, LIMITS.commandsAtOnce + 2))
  })

  it('that wait unclaimed when the link ends are asked for only if they are ordered again', async () => {
    const first = link()
    await order(...many)
    for (const claim of first.claims.slice()) await claim.answer(true)
    await first.end()
    const second = link()
    await order('cmd_31')
    for (const each of begun) await each.end('SUCCEEDED')
    expect(second.claims.map(({ id }) => id)).toEqual(['cmd_31'])
  })

  it('more than may wait are left undone, and said', async () => {
    link()
    const beyond = Array.from({ length: LIMITS.commandsPerAgent + LIMITS.commandsAtOnce + 2 }, (_, i) => `cmd_${i}`)
    await order(...beyond)
    expect(lines.filter((line) => line.includes('left undone'))).toHaveLength(2)
  })
})

describe('the begin of a link', () => {
  it('tells what this run holds, even nothing', async () => {
    const first = link()
    await settled()
    expect(first.reports).toEqual([[]])
    await order('cmd_1', 'cmd_2', 'cmd_3')
    await first.claims[0]?.answer(true)
    await first.claims[1]?.answer(true)
    await begun[1]?.end('SUCCEEDED')
    await first.end()
    const second = link()
    await settled()
    expect(second.reports.map((each) => each.toSorted())).toEqual([['cmd_1', 'cmd_3']])
  })

  it('tells it again until it is heard', async () => {
    refuseReport = new Unanswered('no answer within 20 s')
    const { reports } = link()
    await clock.advance(1_000)
    expect(reports).toHaveLength(2)
    refuseReport = null
    await clock.advance(60_000)
    expect(reports).toHaveLength(3)
  })

  it('waits with it until all that former runs left is stored: a result must not be overtaken', async () => {
    const { mkdtempSync, rmSync } = await import('node:fs')
    const { join } = await import('node:path')
    const { tmpdir } = await import('node:os')
    const dir = mkdtempSync(join(tmpdir(), 'sindri-commands-'))
    const log = createLog({ level: 'error', format: 'plain', clock, write: () => {} })
    const open = (by: string) => openOutbox({ dir, run: by, clock, nowMs: clock.now, log })
    const former = await open('01JZZZZZZZZZZZZZZZZZZZZZZY')
    former.append('commands', clock.now(), { commandId: 'cmd_0', output: {} })
    former.append('commands', clock.now(), { commandId: 'cmd_0', finished: {} })
    await former.close()
    const now = await open(run)
    wire = createCommandWire({ commands, outbox: now, clock, log })
    const { reports, end } = link()
    await clock.advance(60_000)
    const batch = await now.take(['commands'])
    if (!batch) throw new Error('expected the records of the former run')
    now.settle(batch, { outcomes: ['STORED'], refusals: [] })
    await clock.advance(60_000)
    expect(reports).toEqual([])
    // A link that ends meanwhile tells nothing any more.
    await end()
    const next = link()
    const rest = await now.take(['commands'])
    if (rest) now.settle(rest, { outcomes: ['REPEATED'], refusals: [] })
    await settled()
    expect([reports, next.reports]).toEqual([[], [[]]])
    await now.close()
    rmSync(dir, { recursive: true })
  })

  it('says nothing of commands to a console that is older; what runs goes on, and what is unanswered waits', async () => {
    const first = link()
    await order('cmd_1', 'cmd_2')
    await first.claims[0]?.answer(true)
    await first.end()
    const older = link('1.0')
    await clock.advance(60_000)
    expect([older.claims, older.reports]).toEqual([[], []])
    await begun[0]?.end('SUCCEEDED')
    await older.end()
    const newer = link('1.2')
    await settled()
    expect([newer.claims.map(({ id }) => id), newer.reports]).toEqual([['cmd_2'], [['cmd_2']]])
  })
})

describe('output that the console does not take', () => {
  it('is kept up to a bound, and its beginning only', async () => {
    const { claims } = link()
    await order('cmd_1')
    await claims[0]?.answer(true)
    const sink = begun[0]?.sinks.STDOUT
    let kept = 0
    while (sink?.keep(kept, Buffer.alloc(LIMITS.commandChunkBytes))) kept += LIMITS.commandChunkBytes
    // In memory only; with a disk there is more.
    expect(kept).toBeGreaterThan(4 * 1024 * 1024)
    expect(outbox.held('commands').memoryBytes).toBeLessThan(8 * 1024 * 1024)
    expect(lines.filter((line) => line.includes('not kept any more'))).toHaveLength(1)
    await begun[0]?.end('SUCCEEDED', kept + 1)
    expect(outbox.state().dropped).toBe(0)
  })
})

describe('the stop of the agent', () => {
  it('ends what runs, begins nothing any more, and tells of each', async () => {
    const { claims } = link()
    await order('cmd_1', 'cmd_2')
    await claims[0]?.answer(true)
    const stopping = commands.stop()
    await order('cmd_3')
    await stopping
    await claims[1]?.answer(true)
    expect([begun[0]?.asked, ids(), claims.length]).toEqual([['STOPPED'], ['cmd_1'], 2])
    expect(await records()).toMatchObject([
      { commandId: 'cmd_1', finished: { outcome: 'FAILED' } },
      { commandId: 'cmd_2', finished: { outcome: 'FAILED', message: 'The agent was stopped before it began.' } },
    ])
  })

  it('leaves no timer behind', async () => {
    const { claims, end } = link()
    await order('cmd_1')
    await claims[0]?.fail(new Unanswered('no answer within 20 s'))
    await commands.stop()
    await end()
    expect(clock.timerCount()).toBe(0)
  })
})
