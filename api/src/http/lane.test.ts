// Records wait: in order, within their time of a turn, and never without bound.
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Kind, type OperationDefinitionNode, parse, print } from 'graphql'
import { expect, it } from 'vitest'
import { bringsRecords, createLane, LANE } from './lane.ts'

/** A lane whose messages take `eachMs` by a clock that only they move, and end when they are told to. */
const open = (eachMs: number) => {
  let nowMs = 0
  const lane = createLane({ monotonicMs: () => nowMs })
  const begun: number[] = []
  const ends: (() => void)[] = []
  return {
    begun,
    waitingBytes: lane.waitingBytes,
    add(bytes: number) {
      const number = ends.length
      const { promise, resolve } = Promise.withResolvers<void>()
      ends.push(resolve)
      lane.add(bytes, async () => {
        begun.push(number)
        await Promise.resolve()
        nowMs += eachMs
        return promise
      })
    },
    end: (number: number) => ends[number]?.(),
  }
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

it('begins in order, and in one turn of the event loop no more than its time allows', async () => {
  const { begun, add } = open(LANE.turnMs / 2)
  for (let i = 0; i < 5; i++) add(1)
  expect(begun).toEqual([])
  await turn()
  expect(begun).toEqual([0, 1])
  await turn()
  expect(begun).toEqual([0, 1, 2, 3])
  await turn()
  expect(begun).toEqual([0, 1, 2, 3, 4])
})

it('lets one that takes longer than a turn by itself go alone', async () => {
  const { begun, add } = open(10 * LANE.turnMs)
  for (let i = 0; i < 2; i++) add(1)
  await turn()
  expect(begun).toEqual([0])
  await turn()
  expect(begun).toEqual([0, 1])
})

it('has no more under way than a statement waits for, and goes on when one has ended', async () => {
  const { begun, add, end, waitingBytes } = open(0)
  for (let i = 0; i < 4; i++) add(LANE.underWayBytes / 2)
  await turn()
  expect(begun).toEqual([0, 1])
  await turn()
  expect(begun).toEqual([0, 1])
  end(1)
  await turn()
  await turn()
  expect(begun).toEqual([0, 1, 2])
  expect(waitingBytes()).toBe(LANE.underWayBytes / 2)
})

it('keeps no more waiting than it may: what is beyond begins, be it that nothing ends', async () => {
  const { begun, add } = open(LANE.turnMs)
  const bytes = LANE.underWayBytes
  const may = LANE.waitingBytes / bytes
  for (let i = 0; i < may + 3; i++) add(bytes)
  await turn()
  expect(begun).toEqual([0, 1, 2])
  await turn()
  expect(begun).toEqual([0, 1, 2])
})

const wire = new URL('../../../e2e/wire/', import.meta.url)
const operations = readdirSync(wire)
  .filter((name) => name.endsWith('.graphql'))
  .flatMap((name) => parse(readFileSync(new URL(name, wire), 'utf8')).definitions)
  .filter((node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION)

it('takes from agents what brings records, and nothing else', () => {
  const taken = operations.filter((operation) => {
    const message = { id: randomUUID(), type: 'subscribe', payload: { query: print(operation), variables: {} } }
    return bringsRecords(Buffer.from(JSON.stringify(message)))
  })
  expect(new Set(taken.map(({ name }) => name?.value))).toEqual(
    new Set(['PublishSamples', 'PublishGaps', 'PublishEvents', 'PublishCommandRecords']),
  )
})
