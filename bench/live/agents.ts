// Agents that publish a sample a second each, at a moment of their own; or one sender that publishes as much to a bare relay.
import { once } from 'node:events'
import WebSocket from 'ws'
import { openSimulatedAgent, type SimulatedAgent } from '../kit/agent.ts'
import { nowMs, serveRole } from '../kit/role.ts'
import { sampleOf } from '../kit/sample.ts'
import type { Moment } from './moment.ts'

const PUBLISH =
  'mutation PublishSamples($records: [MetricSampleInput]!) { publishSamples(records: $records) { outcomes } }'
const everyMs = 1_000

const agents: SimulatedAgent[] = []
let seq = 0
let lastAt = 0
const nextAt = (): number => (lastAt = Math.max(Date.now(), lastAt + 1))

/** Calls each of so many once a second for so long; the moments within the second are drawn anew. */
async function pace(
  count: number,
  seconds: number,
  send: (which: number, atMs: number) => Promise<void>,
): Promise<Moment[]> {
  const sent: Moment[] = []
  const until = nowMs() + seconds * 1000
  await Promise.all(
    Array.from({ length: count }, async (_, which) => {
      for (let due = nowMs() + Math.random() * everyMs; due < until; due += everyMs) {
        await new Promise((resolve) => setTimeout(resolve, due - nowMs()))
        const atMs = nextAt()
        sent.push({ key: new Date(atMs).toISOString(), ms: nowMs() })
        await send(which, atMs)
      }
    }),
  )
  return sent
}

serveRole({
  async enrol({ url, secret, count }: { url: string; secret: string; count: number }) {
    for (let i = 0; i < count; i++) agents.push(await openSimulatedAgent(url, secret, `live-${i}`))
    return agents.map(({ instance }) => instance)
  },
  publish: ({ seconds }: { seconds: number }) =>
    pace(agents.length, seconds, async (which, atMs) => {
      const agent = agents[which] as SimulatedAgent
      const answer = await agent.ask<{ publishSamples: { outcomes: string[] } }>(PUBLISH, {
        records: [sampleOf(agent.run, ++seq, atMs)],
      })
      if (answer.publishSamples.outcomes[0] !== 'STORED')
        throw new Error(`expected STORED, got ${JSON.stringify(answer)}`)
    }),
  /** Sends a frame of the same size, its time put in the place of the other. */
  async relay({ url, seconds, frame }: { url: string; seconds: number; frame: string }) {
    const socket = new WebSocket(`${url}/send`, { perMessageDeflate: false })
    await once(socket, 'open')
    const sent = await pace(agents.length, seconds, async (_, atMs) =>
      socket.send(frame.replace(/"at":"[^"]*"/, `"at":"${new Date(atMs).toISOString()}"`)),
    )
    socket.terminate()
    return sent
  },
  close: () => Promise.all(agents.map((agent) => agent.close())).then(() => null),
})
