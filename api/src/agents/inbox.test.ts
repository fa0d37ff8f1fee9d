import type { Order } from '@sindri/schema'
import { expect, it } from 'vitest'
import { createInbox } from './inbox.ts'

const ack = (offset: number): Order => ({ kind: 'terminalAck', terminalId: 'trm_1', attachmentId: 'att_1', offset })
const input = (chars: number): Order => ({
  kind: 'terminalInput',
  terminalId: 'trm_1',
  writer: 'att_1',
  offset: 0,
  data: 'x'.repeat(chars),
})

it('hands out orders in their order, those from before its reader came included', async () => {
  const inbox = createInbox()
  inbox.offer(ack(1))
  const reader = inbox.read()
  inbox.offer(ack(2))
  expect(await reader.next()).toEqual({ done: false, value: ack(1) })
  expect(await reader.next()).toEqual({ done: false, value: ack(2) })
  const [third, fourth] = [reader.next(), reader.next()]
  inbox.offer(ack(3))
  inbox.offer(ack(4))
  expect(await Promise.all([third, fourth])).toEqual([ack(3), ack(4)].map((value) => ({ done: false, value })))
})

it('refuses what is too many or too large, and takes again once it was read', async () => {
  const many = createInbox()
  for (let i = 0; i < 512; i++) expect(many.offer(ack(i))).toBe(true)
  expect(many.offer(ack(512))).toBe(false)
  await many.read().next()
  expect(many.offer(ack(512))).toBe(true)

  const large = createInbox()
  let taken = 0
  while (large.offer(input(40_000))) taken++
  expect(taken).toBeLessThan(30)
  const reader = large.read()
  await reader.next()
  await reader.next()
  expect(large.offer(input(40_000))).toBe(true)
})

it('ends its reader, and takes nothing more', async () => {
  const inbox = createInbox()
  const reader = inbox.read()
  const waiting = reader.next()
  inbox.end()
  expect(await waiting).toEqual({ done: true, value: undefined })
  expect(await reader.next()).toEqual({ done: true, value: undefined })
  expect(inbox.offer(ack(1))).toBe(false)
  expect(await inbox.read().next()).toEqual({ done: true, value: undefined })
})

it('has one reader: a new one goes on where the last one stopped, whose stream ends', async () => {
  const inbox = createInbox()
  const first = inbox.read()
  const waiting = first.next()
  const second = inbox.read()
  expect(await waiting).toEqual({ done: true, value: undefined })
  inbox.offer(ack(1))
  expect(await second.next()).toEqual({ done: false, value: ack(1) })
  await second.return?.()
  inbox.offer(ack(2))
  expect(await inbox.read().next()).toEqual({ done: false, value: ack(2) })
})
