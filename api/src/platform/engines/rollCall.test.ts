// Who is alone sends nothing, and yet nobody misses anything unnoticed: replicas that come, go and stand still, over a Redis as slow as it likes.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../clock.fake.ts'
import { createRollCall } from './rollCall.ts'
import type { RollCall } from './rollCall.ts'

type Message = { rollCall: string } | { data: number }

/** Redis, with a connection of each replica to it and one back, on which nothing moves before the test says so. */
const openHub = () => {
  const clock = createFakeClock()
  const inboxes = new Map<Replica, Message[]>()
  const replicas: Replica[] = []
  let step = 0
  let published = 0
  let sent = 0

  interface Replica {
    rollCall: RollCall
    /** From when on it listens. */
    since: number
    seen: Set<number>
    gapAt: number
    gaps: number
    outbox: { message: Message; reached: (count: number) => void; lost: () => void }[]
    stranded: boolean
  }
  /** [publisher, step] of each message. */
  const all: [Replica, number][] = []

  const post = (from: Replica, message: Message): Promise<number> =>
    new Promise((resolve, reject) => {
      from.outbox.push({ message, reached: resolve, lost: () => reject(new Error('lost')) })
    })

  const gap = (replica: Replica): void => {
    replica.gapAt = step
    replica.gaps += 1
  }

  const hub = {
    replicas,
    clock,
    sent: () => sent,
    tick: () => void (step += 1),
    async start() {
      const replica: Replica = {
        since: Infinity,
        seen: new Set(),
        gapAt: -1,
        gaps: 0,
        outbox: [],
        stranded: false,
        rollCall: createRollCall({
          clock,
          origin: `r${replicas.length}`,
          say: (rollCall) => post(replica, { rollCall }),
          onMissed: () => gap(replica),
        }),
      }
      replicas.push(replica)
      inboxes.set(replica, [])
      await replica.rollCall.ask()
      replica.since = step
    },
    publish(replica: Replica) {
      const data = (published += 1)
      all.push([replica, step])
      if (replica.rollCall.alone) return replica.rollCall.heldBack()
      sent += 1
      post(replica, { data }).catch(() => replica.rollCall.heldBack())
    },
    /** What a replica has sent reaches Redis. */
    flush(replica: Replica, count: number) {
      for (const { message, reached } of replica.outbox.splice(0, count)) {
        for (const inbox of inboxes.values()) inbox.push(message)
        reached(inboxes.size)
      }
    },
    deliver(replica: Replica, count: number) {
      const messages = inboxes.get(replica)?.splice(0, count) ?? []
      if (replica.stranded) return
      for (const message of messages) {
        if ('data' in message) replica.seen.add(message.data)
        else replica.rollCall.hear(message.rollCall)
      }
    },
    /** Nothing reaches it any more, and it does not know. */
    strand(replica: Replica, known: boolean) {
      replica.stranded = true
      if (known) inboxes.delete(replica)
    },
    /** It knows. */
    interrupt(replica: Replica) {
      inboxes.delete(replica)
      replica.rollCall.deafen()
    },
    back(replica: Replica) {
      replica.stranded = false
      inboxes.set(replica, [])
      void replica.rollCall.ask()
      gap(replica)
    },
    isAway: (replica: Replica) => replica.stranded || !inboxes.has(replica),
    /** The connection by which it publishes breaks, and comes back. */
    async break(replica: Replica) {
      for (const { lost } of replica.outbox.splice(0)) lost()
      await clock.advance(0)
      void replica.rollCall.ask()
    },
    async drain() {
      for (let round = 0; round < 6; round += 1) {
        for (const replica of replicas) hub.flush(replica, Infinity)
        for (const replica of replicas) hub.deliver(replica, Infinity)
        await clock.advance(0)
      }
    },
    async askAndWait(replica: Replica) {
      void replica.rollCall.ask()
      await hub.drain()
      await clock.advance(1_000)
    },
    /** Messages that somebody who listened neither got nor was told to read again. */
    unnoticed(): string[] {
      return all.flatMap(([from, at], i) =>
        replicas
          .filter((to) => to !== from && to.since < at && !to.seen.has(i + 1) && to.gapAt < at)
          .map((to) => `${i + 1} of r${replicas.indexOf(from)} at ${at}, by r${replicas.indexOf(to)}`),
      )
    },
  }
  return hub
}

const openAlone = async () => {
  const hub = openHub()
  void hub.start()
  await hub.drain()
  await hub.clock.advance(1_000)
  const [first] = hub.replicas
  if (!first?.rollCall.alone) throw new Error('expected a replica that is alone')
  return { hub, first }
}
const openTwo = async () => {
  const { hub, first } = await openAlone()
  void hub.start()
  await hub.drain()
  await hub.clock.advance(1_000)
  const [, second] = hub.replicas
  if (!second) throw new Error('expected two replicas')
  return { hub, first, second }
}

describe('a replica', () => {
  it('is alone once it heard itself and nobody else for a second, not before', async () => {
    const hub = openHub()
    void hub.start()
    await hub.drain()
    await hub.clock.advance(999)
    expect(hub.replicas[0]?.rollCall.alone).toBe(false)
    await hub.clock.advance(1)
    expect(hub.replicas[0]?.rollCall.alone).toBe(true)
  })

  it('that comes has met the others before it begins, and none of them is alone then', async () => {
    const { hub, first } = await openAlone()
    let met = false
    void hub.start().then(() => (met = true))
    await hub.clock.advance(0)
    const [, second] = hub.replicas
    if (!second) throw new Error('expected two replicas')
    hub.flush(second, Infinity)
    hub.deliver(second, Infinity)
    await hub.clock.advance(0)
    expect(met).toBe(false)
    await hub.drain()
    expect(met).toBe(true)
    expect(first.rollCall.alone).toBe(false)
  })

  it('is alone again when the other has gone, at the next question', async () => {
    const { hub, first, second } = await openTwo()
    expect(first.rollCall.alone).toBe(false)
    hub.interrupt(second)
    await hub.askAndWait(first)
    expect(first.rollCall.alone).toBe(true)
  })

  it('is not alone beside one that hears and does not answer', async () => {
    const { hub, first, second } = await openTwo()
    hub.strand(second, false)
    await hub.askAndWait(first)
    expect(first.rollCall.alone).toBe(false)
  })

  it('is not alone while it cannot hear: at once where it knows, at the next question where it does not', async () => {
    const { hub, first } = await openAlone()
    void first.rollCall.ask()
    await hub.drain()
    hub.interrupt(first)
    expect(first.rollCall.alone).toBe(false)
    await hub.clock.advance(1_000)
    expect(first.rollCall.alone).toBe(false)
    hub.back(first)
    await hub.drain()
    await hub.clock.advance(1_000)
    expect(first.rollCall.alone).toBe(true)
    hub.strand(first, false)
    await hub.askAndWait(first)
    expect(first.rollCall.alone).toBe(false)
  })

  it('tells one that it did not know what it held back, once', async () => {
    const { hub, first } = await openAlone()
    void hub.start()
    await hub.clock.advance(0)
    const [, second] = hub.replicas
    if (!second) throw new Error('expected two replicas')
    hub.publish(first)
    await hub.drain()
    expect(second.gaps).toBe(1)
    await hub.askAndWait(first)
    await hub.askAndWait(second)
    expect(second.gaps).toBe(1)
    expect(first.gaps).toBe(0)
  })

  it('tells it again where that was lost, and what it held back until it had counted', async () => {
    const { hub, first } = await openAlone()
    hub.strand(first, false)
    void hub.start()
    await hub.drain()
    const [, second] = hub.replicas
    if (!second) throw new Error('expected two replicas')
    hub.publish(first)
    void first.rollCall.ask()
    await hub.break(first)
    await hub.drain()
    expect(second.gaps).toBe(1)
    hub.publish(first)
    await hub.clock.advance(1_000)
    await hub.drain()
    expect(second.gaps).toBe(2)
  })

  it('is not alone where somebody answers whom its Redis does not count', async () => {
    const clock = createFakeClock()
    const rollCall = createRollCall({ clock, origin: 'r0', say: async () => 1, onMissed: () => {} })
    void rollCall.ask()
    await clock.advance(0)
    rollCall.hear('r0 ask')
    rollCall.hear('r1 here')
    await clock.advance(1_000)
    expect(rollCall.alone).toBe(false)
  })
})

const kinds = ['publish', 'flush', 'deliver', 'start', 'wait', 'drain', 'ask', 'strand', 'interrupt', 'break'] as const
const commands = fc.array(
  fc.record({ kind: fc.constantFrom(...kinds), who: fc.nat(3), count: fc.integer({ min: 1, max: 3 }) }),
  { maxLength: 60 },
)

it('whatever comes between them, each replica gets what the others published or is told that it missed something', async () => {
  let heldBack = 0
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const { hub } = await openAlone()
      for (const { kind, who, count } of steps) {
        hub.tick()
        const replica = hub.replicas[who % hub.replicas.length]
        if (!replica) throw new Error('expected a replica')
        if (kind === 'start') void (hub.replicas.length < 4 && hub.start())
        else if (kind === 'publish') hub.publish(replica)
        else if (kind === 'flush') hub.flush(replica, count)
        else if (kind === 'deliver') hub.deliver(replica, count)
        else if (kind === 'wait') await hub.clock.advance(600 * count)
        else if (kind === 'drain') await hub.drain()
        else if (kind === 'ask') void replica.rollCall.ask()
        else if (kind === 'strand') hub.strand(replica, count > 1)
        else if (kind === 'break') await hub.break(replica)
        else {
          hub.interrupt(replica)
          if (count > 1) hub.back(replica)
        }
        await hub.clock.advance(0)
      }
      heldBack += hub.replicas.length > 1 && hub.sent() === 0 ? 1 : 0
      // A stranded connection is found out, and what was interrupted comes back.
      hub.tick()
      for (const replica of hub.replicas.filter(hub.isAway)) {
        hub.interrupt(replica)
        hub.back(replica)
      }
      await hub.drain()
      await hub.clock.advance(1_000)
      await hub.drain()
      expect(hub.unnoticed()).toEqual([])
    }),
    { numRuns: 300 },
  )
  expect(heldBack).toBeGreaterThan(0)
})
