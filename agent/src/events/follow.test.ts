import fc from 'fast-check'
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFollower, type Follower, type Position } from './follow.ts'

let dir: string
let path: string
let opened: Follower[]

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sindri-follow-'))
  path = join(dir, 'ledger')
  opened = []
})
afterEach(async () => {
  for (const follower of opened) await follower.close()
  rmSync(dir, { recursive: true, force: true })
})

function follow(start: Position | 'begin' | 'end' = 'begin'): Follower {
  const follower = createFollower(path, start)
  opened.push(follower)
  return follower
}

const texts = async (follower: Follower): Promise<string[]> => (await follower.read()).lines.map(({ text }) => text)

test('a line is read when it is whole, and once', async () => {
  const follower = follow()
  expect(await texts(follower)).toEqual([])
  writeFileSync(path, 'one\ntw')
  expect(await texts(follower)).toEqual(['one'])
  appendFileSync(path, 'o\nthree\n')
  expect(await texts(follower)).toEqual(['two', 'three'])
  expect(await texts(follower)).toEqual([])
})

test('beginning at the end leaves out what is there, but not the line that is being written', async () => {
  writeFileSync(path, 'old\nolder\nhal')
  const follower = follow('end')
  expect(await texts(follower)).toEqual([])
  appendFileSync(path, 'f\n')
  expect(await texts(follower)).toEqual(['half'])
})

test('a position goes on where it stood', async () => {
  writeFileSync(path, 'one\n')
  const { position } = await follow().read()
  appendFileSync(path, 'two\n')
  expect(await texts(follow(position))).toEqual(['two'])
})

test('rotation under a running follower loses no line: the rest of the old file comes first', async () => {
  const follower = follow()
  writeFileSync(path, 'one\n')
  await follower.read()
  appendFileSync(path, 'two\n')
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'three\n')
  const { lines } = await follower.read()
  expect(lines).toEqual([
    { text: 'two', reread: false },
    { text: 'three', reread: true },
  ])
  appendFileSync(path, 'four\n')
  expect((await follower.read()).lines).toEqual([{ text: 'four', reread: false }])
})

test('rotation while nobody looked: the rest is found under its new name', async () => {
  writeFileSync(path, 'one\n')
  const { position } = await follow().read()
  appendFileSync(path, 'two\n')
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'three\n')
  expect(await texts(follow(position))).toEqual(['two', 'three'])
})

test('a file that was cut or written anew is read from its begin, marked as read before', async () => {
  const follower = follow()
  writeFileSync(path, 'one\ntwo\n')
  await follower.read()
  truncateSync(path)
  appendFileSync(path, 'a\n')
  expect((await follower.read()).lines).toEqual([{ text: 'a', reread: true }])
  truncateSync(path)
  appendFileSync(path, 'longer than before\n')
  expect((await follower.read()).lines).toEqual([{ text: 'longer than before', reread: true }])
  rmSync(path)
  expect((await follower.read()).lines).toEqual([])
  writeFileSync(path, 'again\n')
  expect((await follower.read()).lines).toEqual([{ text: 'again', reread: true }])
})

test('a line without end is left out when it ends, and counted', async () => {
  const follower = follow()
  writeFileSync(path, 'x'.repeat(700_000))
  expect(await follower.read()).toMatchObject({ lines: [], broken: 0 })
  appendFileSync(path, 'x\ngood\n')
  expect(await follower.read()).toMatchObject({ lines: [{ text: 'good' }], broken: 1 })
})

test(
  'whatever is appended, rotated and restarted, every line comes once and in order',
  { timeout: 30_000 },
  async () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('write'),
          text: fc.stringMatching(/^[a-zé]{0,40}$/),
          whole: fc.boolean(),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('read') }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('rotate') }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('restart') }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        rmSync(dir, { recursive: true, force: true })
        dir = mkdtempSync(join(tmpdir(), 'sindri-follow-'))
        path = join(dir, 'ledger')
        let written = ''
        let rotations = 0
        // One rotation between two looks, and none of a file that was never seen: more nobody can follow.
        let rotatable = false
        let found: string[] = []
        let position: Position | null = null
        let follower = createFollower(path, 'begin')
        const read = async (): Promise<void> => {
          const followed = await follower.read()
          found = [...found, ...followed.lines.map(({ text }) => text)]
          position = followed.position
          rotatable = written !== ''
        }
        for (const next of steps) {
          if (next.do === 'write' && 'text' in next) {
            // Distinct, so that no file looks like another one.
            const text = `${written.length}${next.text}${next.whole ? '\n' : ''}`
            appendFileSync(path, text)
            written += text
          } else if (next.do === 'read') await read()
          else if (next.do === 'rotate' && written.endsWith('\n') && rotatable) {
            renameSync(path, `${path}.${++rotations}`)
            writeFileSync(path, `r${rotations}\n`)
            written += `r${rotations}\n`
            rotatable = false
          } else if (next.do === 'restart') {
            await follower.close()
            follower = createFollower(path, position ?? 'begin')
          }
        }
        await read()
        await follower.close()
        expect(found).toEqual(written.split('\n').slice(0, -1))
      }),
      { numRuns: 100 },
    )
  },
)

test('what comes while a file is looked at that holds nothing new is found at the latest by the next look', async () => {
  writeFileSync(path, 'one\n')
  const follower = follow()
  expect(await texts(follower)).toEqual(['one'])
  expect(await texts(follower)).toEqual([])
  const looking = texts(follower)
  appendFileSync(path, 'two\n')
  expect([...(await looking), ...(await texts(follower))]).toEqual(['two'])
})
