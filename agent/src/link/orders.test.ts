import { beforeEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../platform/clock.fake.ts'
import { createLog } from '../platform/log.ts'
import { createInbox, type Inbox } from './orders.ts'

let lines: string[]
let inbox: Inbox

beforeEach(() => {
  lines = []
  const log = createLog({
    level: 'debug',
    format: 'plain',
    clock: createFakeClock(),
    write: (line) => void lines.push(line),
  })
  inbox = createInbox({ log })
})

const terminal = { terminalId: 'trm_1', attachmentId: 'att_1' }
const good = {
  open: {
    __typename: 'TerminalOpenOrder',
    terminalId: 'trm_1',
    cols: 80,
    rows: 24,
    shell: null,
    cwd: '/tmp',
    env: [{ name: 'A', value: '' }],
    deadline: '2026-01-01T00:00:10Z',
  },
  attach: { __typename: 'TerminalAttachOrder', ...terminal, from: null, cols: 80, rows: 24 },
  input: { __typename: 'TerminalInputOrder', terminalId: 'trm_1', writer: 'att_1', offset: 0, data: 'bHMNCg==' },
  ack: { __typename: 'TerminalAckOrder', ...terminal, offset: 9_007_199_254_740_991 },
  resize: { __typename: 'TerminalResizeOrder', ...terminal, cols: 100, rows: 30 },
  detach: { __typename: 'TerminalDetachOrder', ...terminal },
  end: { __typename: 'TerminalEndOrder', terminalId: 'trm_1', reason: 'ENDED' },
  run: {
    __typename: 'CommandRunOrder',
    commandId: 'cmd_1',
    command: 'ls -l',
    args: null,
    cwd: null,
    env: [{ name: 'A', value: '' }],
    stdin: 'eA==',
    timeoutMs: 30_000,
  },
  cancel: { __typename: 'CommandCancelOrder', commandId: 'cmd_1' },
  faster: { __typename: 'SampleFasterOrder', everyMs: 2000, until: '2026-01-01T00:00:30.000Z' },
}

it.each(Object.entries(good))('hands on an order that is whole: %s', (_, order) => {
  expect(inbox.read(order)).toBe(order)
  expect(lines).toEqual([])
})

it('hands on an order of a newer console with more in it', () => {
  expect(inbox.read({ ...good.ack, priority: 'high' })).not.toBeNull()
})

describe('an order is left undone and logged once', () => {
  it.each<[string, keyof typeof good, Record<string, unknown>, string]>([
    ['without an id', 'open', { terminalId: '' }, 'terminalId'],
    ['with an id that is a number', 'detach', { attachmentId: 7 }, 'attachmentId'],
    ['with a huge id', 'detach', { attachmentId: 'x'.repeat(100_000) }, 'attachmentId'],
    ['with a NUL in its id', 'detach', { terminalId: 'a\0b' }, 'terminalId'],
    ['with a size that is null, as NaN is in JSON', 'open', { cols: null }, 'cols'],
    ['with a size that is text', 'resize', { rows: '24' }, 'rows'],
    ['with a negative size', 'attach', { cols: -80 }, 'cols'],
    ['with a size in fractions', 'attach', { rows: 24.5 }, 'rows'],
    ['with an infinite size, as 1e999 is in JSON', 'resize', { cols: Infinity }, 'cols'],
    ['with a negative offset', 'input', { offset: -1 }, 'offset'],
    ['with an offset beyond all numbers', 'ack', { offset: 1e18 }, 'offset'],
    ['with an offset that is text', 'attach', { from: '0' }, 'from'],
    ['with data that is no base64', 'input', { data: 'ls -l\n' }, 'data'],
    ['with data that was cut off', 'input', { data: 'bHMNCg=' }, 'data'],
    ['with data that is null', 'input', { data: null }, 'data'],
    ['with data that is a list', 'input', { data: [108, 115] }, 'data'],
    ['with a shell that is an object', 'open', { shell: {} }, 'shell'],
    ['with a NUL in its directory', 'open', { cwd: '/tmp\0/etc' }, 'cwd'],
    ['with a directory of a megabyte', 'open', { cwd: '/x'.repeat(500_000) }, 'cwd'],
    ['with variables that are an object', 'open', { env: { PATH: '/bin' } }, 'env'],
    ['with a variable that is null', 'open', { env: [null] }, 'env[0]'],
    ['with a variable without a value', 'open', { env: [{ name: 'A' }] }, 'env[0].value'],
    [
      'with more variables than anybody sets',
      'open',
      { env: Array.from({ length: 1000 }, () => ({ name: 'A', value: 'a' })) },
      'env',
    ],
    ['with a deadline that is no time', 'open', { deadline: 'soon' }, 'deadline'],
    ['with a deadline of another age', 'open', { deadline: '+275760-09-13T00:00:00Z' }, 'deadline'],
    ['with a reason nobody knows', 'end', { reason: 'BECAUSE' }, 'reason'],
    ['without a command', 'run', { command: null }, 'command'],
    ['with arguments that are text', 'run', { args: '-l' }, 'args'],
    ['with an argument that is a number', 'run', { args: ['-l', 7] }, 'args[1]'],
    ['with input that is no base64', 'run', { stdin: 'yes\n' }, 'stdin'],
    ['that may run for ever', 'run', { timeoutMs: 1e12 }, 'timeoutMs'],
    ['that may not run at all', 'run', { timeoutMs: 0 }, 'timeoutMs'],
    ['to cancel without an id', 'cancel', { commandId: '' }, 'commandId'],
    ['with an interval of nothing', 'faster', { everyMs: 0 }, 'everyMs'],
    ['with a negative interval', 'faster', { everyMs: -2000 }, 'everyMs'],
    ['without an end', 'faster', { until: undefined }, 'until'],
  ])('%s', (_, kind, change, field) => {
    const order = { ...good[kind], ...change }
    expect([inbox.read(order), inbox.read(order)]).toEqual([null, null])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`${field}: expected `)
    expect(lines[0]?.length).toBeLessThan(400)
  })

  it.each([null, undefined, 7, 'order', [], {}, { __typename: null }, { __typename: '' }])('when it is %j', (order) => {
    expect([inbox.read(order), inbox.read(order)]).toEqual([null, null])
    expect(lines).toHaveLength(1)
    expect(inbox.notices()).toEqual([])
  })
})

describe('an order of an unknown kind', () => {
  it('is left undone, logged once, and shown to operators', () => {
    const order = { __typename: 'RunCommandOrder', id: 'cmd_1' }
    expect([inbox.read(order), inbox.read(order)]).toEqual([null, null])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('UNSUPPORTED')
    expect(inbox.notices()).toEqual([
      'Orders that this agent does not know were left undone: RunCommandOrder. Update the agent.',
    ])
  })

  it.each(['constructor', '__proto__', 'toString'])('is not found among what every object has: %s', (kind) => {
    expect(inbox.read(JSON.parse(`{"__typename":"${kind}"}`))).toBeNull()
    expect(inbox.notices()[0]).toContain(kind)
  })

  it('fills neither log nor screen, however many the console makes up', () => {
    for (let index = 0; index < 1000; index++) inbox.read({ __typename: `Kind${index}${'x'.repeat(1000)}\u001B[2J` })
    expect(lines).toHaveLength(8)
    expect(inbox.notices()).toHaveLength(1)
    expect(inbox.notices()[0]?.length).toBeLessThanOrEqual(256)
  })
})
