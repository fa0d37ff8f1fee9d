import { expect, test } from 'vitest'
import { check, type Command, type History, type Records, type RuleName, rules, type Stream } from './checker.ts'

const view = (...pieces: [offset: number, text: string][]) => ({
  viewer: 'page',
  pieces: pieces.map(([offset, text]) => ({ offset, data: Buffer.from(text) })),
  lost: [] as { from: number; to: number }[],
})
const stream = (more: Partial<Stream> = {}): Stream => ({
  name: 'stream',
  begin: 5,
  written: Buffer.from('onetwothree'),
  lived: true,
  views: [view([0, 'echo'], [4, '^one'], [8, 'two'], [11, 'three'])],
  typed: 'a\nb\n',
  given: 'a\nb\n',
  ...more,
})
const row = (states: string[], stdout = 'out') => ({ id: 'cmd_1', states, stdout: Buffer.from(stdout) })
const command = (more: Partial<Command> = {}): Command => ({
  token: 'token',
  id: 'cmd_1',
  rows: [row(['QUEUED', 'SENT', 'RUNNING', 'SUCCEEDED'])],
  ran: 1,
  written: Buffer.from('out'),
  seen: null,
  ...more,
})
const samples = (...numbers: number[]) => numbers.map((seq) => ({ seq, atMs: seq * 1_000 }))
const records = (more: Partial<Records> = {}): Records => ({
  name: 'samples',
  made: 5,
  answered: [1, 2, 4],
  stored: samples(1, 2, 4),
  dropped: 2,
  mayLose: false,
  ...more,
})
const good: History = {
  streams: [
    stream(),
    stream({ lived: false, views: [view([5, 'one'])], given: 'a\n' }),
    stream({ views: [{ ...view([5, 'one'], [11, 'three']), lost: [{ from: 8, to: 11 }] }] }),
  ],
  commands: [
    command(),
    command({ seen: Buffer.from('out') }),
    command({ id: null, rows: [], ran: 0 }),
    command({ id: null, rows: [row(['QUEUED', 'RUNNING', 'INTERRUPTED'], 'o')] }),
    command({ rows: [row(['QUEUED', 'INTERRUPTED'], '')], ran: 0 }),
  ],
  records: [
    records(),
    records({ answered: [1, 2], dropped: 3 }),
    records({ made: null, dropped: 1 }),
    records({ dropped: 0, mayLose: true }),
  ],
  silences: [{ instance: 'a', told: ['HEARTBEAT_LOST', 'HEARTBEAT_RECOVERED', 'HEARTBEAT_LOST'] }],
  status: [{ instance: 'a', expected: ['RUNNING'], shown: 'RUNNING' }],
  memory: [{ process: 'console', beforeMiB: 100, afterMiB: 120, allowedMiB: 30 }],
}

test('a history in which nothing is wrong breaks no rule', () => expect(check(good)).toEqual([]))

const bad: [RuleName, string, Partial<History>][] = [
  [
    'what a viewer saw is what the program wrote, in order',
    'a byte that was not written',
    { streams: [stream({ lived: false, views: [view([5, 'onE'])] })] },
  ],
  [
    'what a viewer saw is what the program wrote, in order',
    'more than was written',
    { streams: [stream({ lived: false, views: [view([5, 'onetwothree!'])] })] },
  ],
  [
    'what a viewer saw is what the program wrote, in order',
    'a piece twice',
    { streams: [stream({ views: [view([5, 'one'], [5, 'onetwothree'])] })] },
  ],
  [
    'what a viewer saw is what the program wrote, in order',
    'a hole that nobody counted',
    { streams: [stream({ views: [view([5, 'one'], [11, 'three'])] })] },
  ],
  [
    'where the agent lived, a viewer saw all of it',
    'last bytes that are missing',
    { streams: [stream({ views: [view([5, 'onetwo'])] })] },
  ],
  ['where the agent lived, a viewer saw all of it', 'nothing at all', { streams: [stream({ views: [view()] })] }],
  [
    'what was typed arrives once and in order, and all of it where the agent lived',
    'a key twice',
    { streams: [stream({ lived: false, given: 'a\na\n' })] },
  ],
  [
    'what was typed arrives once and in order, and all of it where the agent lived',
    'a key that is missing',
    { streams: [stream({ given: 'a\n' })] },
  ],
  [
    'a command that was taken has a row, and no command has two',
    'no row',
    { commands: [command({ rows: [], ran: 0 })] },
  ],
  [
    'a command that was taken has a row, and no command has two',
    'two rows',
    { commands: [command({ rows: [row(['FAILED']), row(['FAILED'])] })] },
  ],
  [
    'a command goes forward and ends in exactly one state',
    'no end',
    { commands: [command({ rows: [row(['QUEUED', 'RUNNING'])] })] },
  ],
  [
    'a command goes forward and ends in exactly one state',
    'two ends',
    { commands: [command({ rows: [row(['QUEUED', 'INTERRUPTED', 'SUCCEEDED'])] })] },
  ],
  [
    'a command goes forward and ends in exactly one state',
    'a way back',
    { commands: [command({ rows: [row(['RUNNING', 'SENT', 'SUCCEEDED'])] })] },
  ],
  ['a command runs at most once, and just once where it ended well', 'two runs', { commands: [command({ ran: 2 })] }],
  ['a command runs at most once, and just once where it ended well', 'no run', { commands: [command({ ran: 0 })] }],
  [
    'a command runs at most once, and just once where it ended well',
    'a run without a row',
    { commands: [command({ id: null, rows: [] })] },
  ],
  [
    'what is kept and shown of a command is the beginning of what it wrote, and all where it ended well',
    'other output',
    { commands: [command({ rows: [row(['FAILED'], 'x')] })] },
  ],
  [
    'what is kept and shown of a command is the beginning of what it wrote, and all where it ended well',
    'half of it',
    { commands: [command({ rows: [row(['SUCCEEDED'], 'ou')] })] },
  ],
  [
    'what is kept and shown of a command is the beginning of what it wrote, and all where it ended well',
    'less on a page',
    { commands: [command({ seen: Buffer.from('ou') })] },
  ],
  ['what was acknowledged is stored', 'one that is not', { records: [records({ answered: [1, 2, 3] })] }],
  ['a record is stored once', 'one twice', { records: [records({ stored: samples(1, 2, 2, 4) })] }],
  [
    'records of one run keep the order of their moments',
    'a step back',
    {
      records: [
        records({
          stored: [
            { seq: 2, atMs: 1 },
            { seq: 1, atMs: 2 },
            { seq: 4, atMs: 3 },
          ],
        }),
      ],
    },
  ],
  ['what was made is stored or counted as dropped', 'one that nobody counted', { records: [records({ dropped: 1 })] }],
  [
    'what was made is stored or counted as dropped',
    'one counted that is there',
    { records: [records({ dropped: 3 })] },
  ],
  ['what was made is stored or counted as dropped', 'a hole', { records: [records({ made: null, dropped: 0 })] }],
  [
    'a silence is told once, and its end once',
    'two of them',
    { silences: [{ instance: 'a', told: ['HEARTBEAT_LOST', 'HEARTBEAT_LOST'] }] },
  ],
  [
    'a silence is told once, and its end once',
    'an end of none',
    { silences: [{ instance: 'a', told: ['HEARTBEAT_RECOVERED'] }] },
  ],
  [
    'status comes to the truth',
    'another status',
    { status: [{ instance: 'a', expected: ['RUNNING'], shown: 'STALE' }] },
  ],
  [
    'memory returns to its level',
    'more memory',
    { memory: [{ process: 'console', beforeMiB: 100, afterMiB: 131, allowedMiB: 30 }] },
  ],
]
test.each(bad)('%s: finds %s, and nothing else', (rule, _, history) => {
  const found = check({ ...good, ...history })
  expect(found).toHaveLength(1)
  expect(found[0]?.startsWith(`${rule}: `)).toBe(true)
})

test('each rule was seen to fail', () => {
  expect(new Set(bad.map(([rule]) => rule))).toEqual(new Set(Object.keys(rules)))
})
