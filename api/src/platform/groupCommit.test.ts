import { Fault } from '@sindri/schema/contract/codes'
import { expect, it } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { createGroupCommit, type Batch, type GroupCommitDeps } from './groupCommit.ts'

interface Call {
  batches: readonly Batch[]
  done: () => void
  fail: (error: Error) => void
}

const open = (options: Partial<GroupCommitDeps<Batch, string>> = {}) => {
  const calls: Call[] = []
  const splits: unknown[] = []
  const group = createGroupCommit<Batch, string>({
    clock: createFakeClock(),
    inFlight: 1,
    statementRows: 100,
    onSplit: (error) => void splits.push(error),
    write: (batches) => {
      const { promise, resolve, reject } = Promise.withResolvers<string[]>()
      calls.push({ batches, done: () => resolve(batches.map(({ owner }) => `of ${owner}`)), fail: reject })
      return promise
    },
    ...options,
  })
  return {
    calls,
    splits,
    group,
    add: (owner: number, rows = 1) => group.add({ owner, rows: Array.from({ length: rows }).fill(0) }),
  }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))
const owners = ({ batches }: Call) => batches.map(({ owner }) => owner)

it('what arrives while a statement runs goes out together with the next', async () => {
  const { calls, add } = open()
  const answers = [add(1), add(2), add(3), add(2)]
  expect(calls.map(owners)).toEqual([[1]])
  calls[0]?.done()
  await turn()
  expect(calls.map(owners)).toEqual([[1], [2, 3, 2]])
  calls[1]?.done()
  expect(await Promise.all(answers)).toEqual(['of 1', 'of 2', 'of 3', 'of 2'])
})

it('as many statements are under way as are allowed, and no statement grows without bound', async () => {
  const { calls, add } = open({ inFlight: 2, statementRows: 10 })
  const answers = [add(1), add(2), add(3, 4), add(4, 4), add(5, 4), add(6, 4)]
  expect(calls.map(owners)).toEqual([[1], [2]])
  calls[1]?.done()
  await turn()
  expect(calls.map(owners)).toEqual([[1], [2], [3, 4, 5]])
  for (const i of [0, 2]) calls[i]?.done()
  await turn()
  calls[3]?.done()
  expect(await Promise.all(answers)).toHaveLength(6)
})

it('beyond its bounds it answers UNAVAILABLE with a time to come back, and takes more once there is room', async () => {
  const { calls, add } = open({ waitingRows: 10, waitingBatchesPerOwner: 2 })
  const first = add(1)
  const waiting = [add(1), add(1)]
  await expect(add(1)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    details: { retryAfterMs: expect.any(Number) as number },
  })
  const large = add(2, 8)
  await expect(add(3)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  calls[0]?.done()
  await turn()
  const later = add(1)
  calls[1]?.done()
  await turn()
  calls[2]?.done()
  expect(await Promise.all([first, ...waiting, large, later])).toHaveLength(5)
})

it('a statement that fails is tried again owner by owner, and fails those alone who fail again', async () => {
  const { calls, splits, add } = open()
  void add(0)
  const answers = [add(1), add(2), add(1), add(3)].map((answer) => answer.catch((error: Error) => error.message))
  calls[0]?.done()
  await turn()
  const poison = new Error('poison')
  for (const [i, fails] of [true, false, true, false].entries()) {
    if (fails) calls[i + 1]?.fail(poison)
    else calls[i + 1]?.done()
    await turn()
  }
  expect(calls.map(owners)).toEqual([[0], [1, 2, 1, 3], [1, 1], [2], [3]])
  expect(await Promise.all(answers)).toEqual(['of 1', 'poison', 'of 1', 'of 3'])
  expect(splits).toEqual([poison])
})

it('a database that is away is not asked again for each owner', async () => {
  const { calls, add } = open()
  void add(0)
  const answers = [add(1), add(2)].map((answer) => answer.catch((error: Fault) => error.code))
  calls[0]?.done()
  await turn()
  calls[1]?.fail(new Fault('UNAVAILABLE', 'away'))
  expect(await Promise.all(answers)).toEqual(['UNAVAILABLE', 'UNAVAILABLE'])
  expect(calls).toHaveLength(2)
})

it('one answer may be a Fault, for its caller alone', async () => {
  const { add } = open({
    write: (batches) =>
      Promise.resolve(batches.map(({ owner }) => (owner === 1 ? new Fault('SUPERSEDED', 'old') : 'ok'))),
  })
  const answers = await Promise.allSettled([add(1), add(2)])
  expect(answers).toMatchObject([{ reason: { code: 'SUPERSEDED' } }, { value: 'ok' }])
})

it('says what a row costs, of the last ones more than of the first, and of full statements more than of single rows', async () => {
  const clock = createFakeClock()
  const { calls, group, add } = open({ clock })
  const take = async (rows: number, ms: number) => {
    const answer = add(1, rows)
    await clock.advance(ms)
    calls.at(-1)?.done()
    await answer
  }
  for (let i = 0; i < 200; i += 1) await take(1, 8)
  expect(group.msPerRow()).toBeCloseTo(8, 0)
  await take(1_000, 100)
  expect(group.msPerRow()).toBeLessThan(1)
})

it('stopping lets what was taken commit, and takes nothing more', async () => {
  const { calls, group, add } = open()
  const answers = [add(1), add(2)]
  let stopped = false
  const stopping = group.stop().then(() => (stopped = true))
  await expect(add(3)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  calls[0]?.done()
  await turn()
  expect(stopped).toBe(false)
  calls[1]?.done()
  expect(await Promise.all(answers)).toEqual(['of 1', 'of 2'])
  await stopping
})
