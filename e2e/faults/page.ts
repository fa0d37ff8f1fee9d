// A page that stays open: it looks at terminals, follows what changes live, and comes back whatever happens to its socket.
import { type Api, openApi } from '../kit/client.ts'
import { until } from '../kit/processes.ts'
import { attachShell, type Shell } from '../kit/terminal.ts'
import type { View } from './checker.ts'

export interface Looking extends View {
  shell(): Shell
  /** A new attachment goes on where the last one was. */
  reload(): void
  isDone(): boolean
}

export interface Output {
  bytes(): Buffer
  isDone(): boolean
}

export interface Page {
  name: string
  api: Api
  /** Throws where no answer comes in time. */
  ask(query: string, variables?: Record<string, unknown>): Promise<Record<string, any>>
  look(terminalId: string): Looking
  /** Follows what a command writes to its standard output, until it is told that this is all. */
  follow(commandId: string): Output
  /** What its live list says of this one now. */
  shows(list: List, id: string): string
  /** How long ago the last sample of this instance came, in ms. */
  sampleAgeMs(instanceId: string): number
  close(): Promise<void>
}

interface Following {
  subscription: string
  query: string
  live(data: Record<string, any>): [id: string, value: string]
  read(node: Record<string, any>): string
}

const lists = {
  instances: {
    subscription: 'subscription { instanceChanged { id instance { status } } }',
    query: '{ instances(first: 200) { edges { node { id status } } } }',
    live: ({ instanceChanged: { id, instance } }) => [id, instance?.status ?? 'removed'],
    read: ({ status }) => status,
  },
  commands: {
    subscription: 'subscription { commandChanged { id state } }',
    query: '{ commands(first: 200) { edges { node { id state } } } }',
    live: ({ commandChanged: { id, state } }) => [id, state],
    read: ({ state }) => state,
  },
  terminals: {
    subscription: 'subscription { terminalChanged { id state } }',
    query: '{ terminals(first: 200) { edges { node { id state } } } }',
    live: ({ terminalChanged: { id, state } }) => [id, state],
    read: ({ state }) => state,
  },
  events: {
    subscription: 'subscription { eventRecorded { id type } }',
    query: '{ events(first: 200) { edges { node { id type } } } }',
    live: ({ eventRecorded: { id, type } }) => [id, type],
    read: ({ type }) => type,
  },
} satisfies Record<string, Following>
export type List = keyof typeof lists

const SAMPLED = 'subscription ($ids: [ID!]!) { metricSampled(instanceIds: $ids) { instanceId } }'
const OUTPUT = `subscription ($id: ID!, $stdout: BigInt) {
  commandOutput(id: $id, stdout: $stdout) { stream offset data }
}`
const answerMs = 10_000
const returnMs = 1_000
const againMs = 3_000

/** `instances`: so many are there. */
export async function openPage(name: string, url: string, cookie: string, instances: number): Promise<Page> {
  const api = openApi(url, { cookie })
  const shown: Record<List, Map<string, string>> = {
    instances: new Map(),
    commands: new Map(),
    terminals: new Map(),
    events: new Map(),
  }
  const sampledMs = new Map<string, number>()
  let closed = false

  const page: Page = {
    name,
    api,
    async ask(query, variables) {
      const late = Promise.withResolvers<never>()
      const timer = setTimeout(() => late.reject(new Error(`expected an answer within ${answerMs} ms`)), answerMs)
      try {
        return await Promise.race([api.ask(query, variables), late.promise])
      } finally {
        clearTimeout(timer)
      }
    },
    look(terminalId) {
      const pieces: { offset: number; data: Buffer }[] = []
      const lost: { from: number; to: number }[] = []
      const before: Shell[] = []
      let shell: Shell
      const attach = (from: number | null): void => {
        shell = attachShell(api, terminalId, { from, stays: true, keep: false })
        shell.onBytes((data, offset) => void pieces.push({ offset, data: Buffer.from(data) }))
      }
      attach(null)
      return {
        viewer: name,
        pieces,
        get lost() {
          return [...lost, ...shell.lost()]
        },
        shell: () => shell,
        reload() {
          shell.detach()
          before.push(shell)
          lost.push(...shell.lost())
          attach(shell.next())
        },
        isDone: () => {
          const end = shell.closed()
          return end !== null && (end.finalOffset === null || shell.next() >= end.finalOffset)
        },
      }
    },
    follow(id) {
      const parts: Buffer[] = []
      let next = 0
      let done = false
      const attach = (): void => {
        const { ended } = api.watch(OUTPUT, { id, stdout: next }, ({ commandOutput: { stream, data } }) => {
          if (stream !== 'STDOUT') return
          const bytes = Buffer.from(data, 'base64')
          parts.push(bytes)
          next += bytes.length
        })
        void ended.then((fault) => {
          done = fault === null
          if (!done && !closed) setTimeout(attach, returnMs)
        })
      }
      attach()
      return { bytes: () => Buffer.concat(parts), isDone: () => done }
    },
    shows: (list, id) => shown[list].get(id) ?? 'absent',
    sampleAgeMs: (id) => performance.now() - (sampledMs.get(id) ?? 0),
    async close() {
      closed = true
      await api.close()
    },
  }

  /** Subscribe, then read, then follow: what came live is newer than what was read. */
  const followList = (list: List): void => {
    const { subscription, query, live, read } = lists[list]
    const into = shown[list]
    const fresh = new Set<string>()
    const { ended } = api.watch(subscription, {}, (data) => {
      const [id, value] = live(data)
      fresh.add(id)
      into.set(id, value)
    })
    void ended.then(() => !closed && setTimeout(() => followList(list), returnMs))
    // Over the same socket. Once that is answered, the subscription is not far: what fell between is read a little later.
    const ask = (): Promise<unknown> =>
      api.watch<Record<string, any>>(query, {}, (data) => {
        for (const { node } of data[list].edges) if (!fresh.has(node.id)) into.set(node.id, read(node))
      }).ended
    void ask().then(() => setTimeout(() => !closed && void ask(), againMs))
  }
  const followSamples = (): void => {
    const { ended } = api.watch(SAMPLED, { ids: [...shown.instances.keys()] }, ({ metricSampled }) => {
      sampledMs.set(metricSampled.instanceId, performance.now())
    })
    void ended.then(() => !closed && setTimeout(followSamples, returnMs))
  }
  for (const list of Object.keys(lists) as List[]) followList(list)
  await until(`${name} to show the fleet`, () => shown.instances.size >= instances, 60_000)
  followSamples()
  return page
}
