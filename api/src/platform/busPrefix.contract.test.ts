import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestDb, type TestDb } from '../testing/backend.ts'
import { busPrefix } from './busPrefix.ts'

const open: TestDb[] = []
beforeAll(async () => void open.push(await openTestDb(), await openTestDb()))
afterAll(() => Promise.all(open.map((db) => db.close())))

it('is one for all consoles of a database, however many begin at once, and another for those of another', async () => {
  const [first, other] = open as [TestDb, TestDb]
  const all = await Promise.all(Array.from({ length: 8 }, () => busPrefix(first)))
  expect(new Set(all).size).toBe(1)
  expect(all[0]).toMatch(/^sindri\/[\w-]{12}\/$/)
  expect(await busPrefix(other)).not.toBe(all[0])
})
