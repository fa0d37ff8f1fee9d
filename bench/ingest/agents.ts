// Agents that publish samples, in a process of their own: as fast as they are answered, or at a pace; and what each came to is counted.
import { readFileSync } from 'node:fs'
import { openSimulatedAgent, Refused, type SimulatedAgent } from '../kit/agent.ts'
import { elapsedMs, percentile } from '../kit/report.ts'
import { serveRole } from '../kit/role.ts'
import { sampleOf } from '../kit/sample.ts'

export interface Work {
  perMutation: number
  seconds: number
  /** What all agents here together come to have, answered or not, and send until nothing is left; none: as fast as they are answered. */
  perSecond?: number
}

export interface Done {
  /** Within the seconds, repeats included. */
  inTime: number
  stored: number
  repeated: number
  refused: number
  /** Mutations answered with a fault, such as UNAVAILABLE, and sent again. */
  postponed: number
  ms: number
  p50: number
  p99: number
}

const PUBLISH =
  'mutation PublishSamples($records: [MetricSampleInput]!) { publishSamples(records: $records) { outcomes refusals { index code field expected got } } }'
/** What the protocol allows an agent. */
const IN_FLIGHT = 4
/** As after an answer that was lost. */
const REPEAT_EVERY = 100

// Made once: what differs between two samples of the load is put in its place.
const { run: _run, seq: _seq, at: _at, ...rest } = sampleOf('', 1, 0)
const figures = JSON.stringify(rest).slice(1)
const recordOf = (run: string, seq: number, atMs: number): string =>
  `{"run":"${run}","seq":${seq},"at":"${new Date(atMs).toISOString()}",${figures}`

interface Stream {
  agent: SimulatedAgent
  seq: number
  /** Answered by REPEATED if it comes again. */
  known: string | null
}
let streams: Stream[] = []
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

function nextRecord(stream: Stream): string {
  stream.seq += 1
  if (stream.seq % REPEAT_EVERY === 0 && stream.known) return stream.known
  return recordOf(stream.agent.run, stream.seq, Date.now())
}

serveRole({
  async enrol({ url, secretFile, count, name }: { url: string; secretFile: string; count: number; name: string }) {
    const secret = readFileSync(secretFile, 'utf8').trim()
    for (let i = 0; i < count; i++)
      streams.push({ agent: await openSimulatedAgent(url, secret, `${name}-${i}`), seq: 0, known: null })
  },
  async publish({ perMutation, seconds, perSecond }: Work): Promise<Done> {
    const took: number[] = []
    const done = { inTime: 0, stored: 0, repeated: 0, refused: 0, postponed: 0 }
    const began = performance.now()
    const until = began + seconds * 1000
    const send = async (stream: Stream): Promise<void> => {
      const records = Array.from({ length: perMutation }, () => nextRecord(stream))
      const variables = `{"records":[${records.join(',')}]}`
      for (;;) {
        const asked = performance.now()
        try {
          const { publishSamples } = await stream.agent.askText<{ publishSamples: { outcomes: string[] } }>(
            PUBLISH,
            variables,
          )
          took.push(elapsedMs(asked))
          stream.known = records[0] as string
          if (performance.now() < until) done.inTime += records.length
          for (const outcome of publishSamples.outcomes)
            done[outcome.toLowerCase() as 'stored' | 'repeated' | 'refused'] += 1
          return
        } catch (error) {
          const retryAfterMs = error instanceof Refused ? error.retryAfterMs : undefined
          if (retryAfterMs === undefined) throw error
          done.postponed += 1
          await pause(retryAfterMs)
        }
      }
    }
    const perAgentMs = (perSecond ?? 0) / streams.length / 1000
    await Promise.all(
      streams.flatMap((stream) => {
        const phase = Math.random() * perMutation
        let taken = 0
        const lane = async (): Promise<void> => {
          for (;;) {
            const nowMs = performance.now()
            if (!perSecond && nowMs >= until) return
            const due = perSecond ? perAgentMs * (Math.min(nowMs, until) - began) - phase : Infinity
            if (taken + perMutation > due) {
              if (nowMs >= until) return
              await pause((taken + perMutation - due) / perAgentMs)
              continue
            }
            taken += perMutation
            await send(stream)
          }
        }
        return Array.from({ length: IN_FLIGHT }, lane)
      }),
    )
    return { ...done, ms: elapsedMs(began), p50: percentile(took, 0.5), p99: percentile(took, 0.99) }
  },
  close() {
    for (const { agent } of streams) void agent.close()
    streams = []
  },
})
