import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFakeClock, type FakeClock } from '../platform/clock.fake.ts'
import type { Undo } from '../platform/clock.ts'
import { createLog } from '../platform/log.ts'
import { Refused, Unanswered } from './refused.ts'
import { keepRenewed, type RenewalDeps } from './renew.ts'

const hour = 3_600_000
const lifeMs = 24 * hour

let clock: FakeClock
let startMs: number
/** Hours after the handshake. */
let asked: { at: number; signature: string }[]
let kept: string[]
let lines: string[]
let answer: () => Promise<{ renewAgentToken: { token: string; expiresAt: string; renewNonce: string } }>
let undo: Undo

beforeEach(() => {
  clock = createFakeClock()
  startMs = clock.monotonicMs()
  asked = []
  kept = []
  lines = []
  answer = async () => renewed(consoleNowMs() + lifeMs)
})
afterEach(() => undo())

/** The console's clock is an hour behind this machine's. */
const consoleStartMs = Date.UTC(2026, 0, 1) - hour
const consoleNowMs = (): number => consoleStartMs + clock.monotonicMs() - startMs
const renewed = (expiresMs: number) => ({
  renewAgentToken: {
    token: `token-${asked.length}`,
    expiresAt: new Date(expiresMs).toISOString(),
    renewNonce: `nonce-${asked.length}`,
  },
})

function start(tokenExpiresAt = consoleStartMs + lifeMs): void {
  const ack = {
    consoleTime: consoleStartMs,
    token: 't',
    tokenExpiresAt,
    renewNonce: 'nonce-0',
    protocolVersion: '1.0',
    consoleVersion: '1',
    epoch: 1,
    heartbeatMs: 1,
    metricsMs: 1,
  }
  const link = {
    ack,
    heardMs: clock.monotonicMs(),
    sign: (nonce: string) => `signed ${nonce}`,
    ask: (_: unknown, { signature }: { signature: string }) => {
      asked.push({ at: (clock.monotonicMs() - startMs) / hour, signature })
      return answer()
    },
  } as unknown as RenewalDeps['link']
  const log = createLog({ level: 'debug', format: 'plain', clock, write: (line) => void lines.push(line) })
  undo = keepRenewed({ link, clock, log, keepToken: (token) => void kept.push(token) })
}

it('renews after two thirds of each life, over many days, each time with the nonce of the last answer', async () => {
  start()
  await clock.advance(5 * lifeMs)
  expect(asked.map(({ at }) => at)).toEqual([16, 32, 48, 64, 80, 96, 112])
  expect(asked.map(({ signature }) => signature).slice(0, 3)).toEqual([
    'signed nonce-0',
    'signed nonce-1',
    'signed nonce-2',
  ])
  expect(kept).toEqual(asked.map((_, index) => `token-${index + 1}`))
})

it('tries again while there is time after an answer that never came, and needs no second handshake', async () => {
  let failures = 3
  answer = async () => {
    if (failures-- > 0) throw new Unanswered('no answer within 20 s')
    return renewed(consoleNowMs() + lifeMs)
  }
  start()
  await clock.advance(17 * hour)
  expect(asked.map(({ at }) => at)).toEqual([16, 16.25, 16.5, 16.75])
  expect(kept).toEqual(['token-4'])
})

it('tries more often as the end comes near, and never without a pause', async () => {
  answer = async () => {
    throw new Unanswered('no answer')
  }
  start()
  await clock.advance(lifeMs)
  const gapsMs = asked.slice(1).map(({ at }, index) => Math.round((at - (asked[index]?.at ?? 0)) * hour))
  expect(Math.max(...gapsMs)).toBe(900_000)
  expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(1000)
  expect(asked.length).toBeLessThan(60)
})

it('leaves it to the next handshake when the console has another nonce in mind', async () => {
  answer = async () => {
    throw new Refused('TOKEN_REJECTED', 'another nonce')
  }
  start()
  await clock.advance(lifeMs)
  expect(asked).toHaveLength(1)
  expect(lines).toHaveLength(1)
})

it('asks a console whose tokens are dead on arrival once a second at most', async () => {
  answer = async () => renewed(consoleNowMs() - hour)
  start(consoleStartMs - 1)
  await clock.advance(10_000)
  expect(asked).toHaveLength(10)
})

it('ends with its link, in the middle of a question too', async () => {
  const late = Promise.withResolvers<never>()
  answer = () => late.promise
  start()
  await clock.advance(16 * hour)
  expect(asked).toHaveLength(1)
  undo()
  late.reject(new Unanswered('the link closed'))
  await clock.advance(lifeMs)
  expect([asked.length, clock.timerCount(), lines]).toEqual([1, 0, []])
})
