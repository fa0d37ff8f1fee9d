import { expect, test } from 'vitest'
import { createFakeClock } from './clock.fake.ts'
import { createDatabaseClock } from './databaseClock.ts'
import { type Log, silentLog } from './log.ts'

const HOUR_MS = 3_600_000

test('takes the time of the database, half a trip after it was read', async () => {
  const machine = createFakeClock()
  const clock = createDatabaseClock(machine)
  expect(clock.now()).toBe(machine.now())
  const told = machine.now() + HOUR_MS
  const following = clock.follow(async () => {
    await machine.advance(40)
    return told
  }, silentLog)
  await following
  expect(clock.now()).toBe(told + 20)
  await machine.advance(1_000)
  expect(clock.now()).toBe(told + 1_020)
})

test.each([HOUR_MS, -HOUR_MS])('is not moved by a jump of this machine of %i ms, and says so once', async (jumpMs) => {
  const machine = createFakeClock()
  const clock = createDatabaseClock(machine)
  const database = createFakeClock(machine.now())
  const warned: unknown[] = []
  const log: Log = { ...silentLog, warn: (_, fields) => warned.push(fields) }
  const undo = await clock.follow(async () => database.now(), log)
  machine.jumpWall(jumpMs)
  for (let round = 0; round < 3; round += 1) {
    await database.advance(5_000)
    await machine.advance(5_000)
    expect(clock.now()).toBe(database.now())
  }
  expect(warned).toEqual([{ differenceMs: jumpMs }])
  undo()
  expect(machine.timerCount()).toBe(0)
})

test('follows a database whose clock is set', async () => {
  const machine = createFakeClock()
  const clock = createDatabaseClock(machine)
  let aheadMs = 0
  await clock.follow(async () => machine.now() + aheadMs, silentLog)
  aheadMs = -HOUR_MS
  await machine.advance(5_000)
  expect(clock.now()).toBe(machine.now() - HOUR_MS)
})

test('keeps its time while no answer comes, or only after long', async () => {
  const machine = createFakeClock()
  const clock = createDatabaseClock(machine)
  let ask = async (): Promise<number> => machine.now()
  await clock.follow(() => ask(), silentLog)
  ask = () => Promise.reject(new Error('away'))
  await machine.advance(5_000)
  expect(clock.now()).toBe(machine.now())
  // One question at a time, and what it tells after long may have waited anywhere.
  const answer = Promise.withResolvers<number>()
  let asked = 0
  ask = () => ((asked += 1), answer.promise)
  await machine.advance(20_000)
  expect(asked).toBe(1)
  answer.resolve(machine.now())
  await machine.advance(0)
  expect(clock.now()).toBe(machine.now())
  await machine.advance(5_000)
  expect(asked).toBe(2)
})
