// What goes on while things fail, and what each side of it writes down outside of the product: programs, keys, commands.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { until } from '../kit/processes.ts'
import { openTerminal } from '../kit/terminal.ts'
import type { Stream } from './checker.ts'
import { type Looking, openPage, type Output, type Page } from './page.ts'
import { agents, programFile, type Rig, swarmSize } from './rig.ts'

const RUN = 'mutation ($input: RunCommandInput!) { runCommand(input: $input) { id } }'
const END = 'mutation ($id: ID!) { endTerminal(id: $id) { id } }'
const programsEach = 2
/** The exit code of a program that was told to end. */
const endedItself = 7

interface Running {
  name: string
  terminalId: string
  agent: string
  file: string
  /** Null until it has begun. */
  begin: number | null
  askedMs: number
  endedMs: number
  typed: string
  views: Looking[]
}

export interface Asked {
  token: string
  id: string | null
  /** As the reader follows it; null where no id was answered. */
  output: Output | null
}

export interface Span {
  agent: string
  fromMs: number
  toMs: number
}

export interface Work {
  page(name: string): Page
  instanceOf(agent: string): string
  commands: readonly Asked[]
  /** From now until the undo, what runs in shells of this agent may end without notice. */
  endsShellsOf(agent: string): () => void
  losesSpoolOf(agent: string): void
  /** When spools were taken away, and of which agent. */
  spoolLosses: readonly { agent: string; atMs: number }[]
  /** From now until the undo there is a clone of this agent, whose state goes with it. */
  hasClone(agent: string): () => void
  clones: readonly Span[]
  reload(page: string): void
  /** Does what brings a message of this topic. */
  provoke(topic: string): Promise<void>
  /** Nothing new begins; programs end themselves, and every view has seen their end. */
  finish(): Promise<void>
  streams(): Stream[]
  /** A file that a command writes, by its token. */
  marks(token: string, kind: 'ran' | 'out'): Buffer
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const between = (least: number, most: number): number => least + Math.random() * (most - least)
const read = (file: string): Buffer => (existsSync(file) ? readFileSync(file) : Buffer.alloc(0))

export async function startWork(rig: Rig): Promise<Work> {
  const truth = path.join(rig.folder, 'truth')
  const signedIn = await rig.set.signIn(rig.pagesUrl)
  const cookie = signedIn.cookie()
  const pages = new Map<string, Page>()
  for (const name of ['writer', 'reader'])
    pages.set(name, await openPage(name, rig.pagesUrl, cookie, agents.length + swarmSize))
  const page = (name: string): Page => pages.get(name) as Page
  const writer = page('writer')

  const instances = new Map<string, string>()
  await until(
    'all agents to be RUNNING',
    async () => {
      const found = await writer.ask('{ instances(first: 200) { edges { node { id name status } } } }')
      for (const { node } of found.instances.edges) if (node.status === 'RUNNING') instances.set(node.name, node.id)
      return agents.every((name) => instances.has(name))
    },
    60_000,
  )
  const instanceOf = (agent: string): string => instances.get(agent) as string

  const programs: Running[] = []
  const commands: Asked[] = []
  const spoolLosses: { agent: string; atMs: number }[] = []
  const ends: Span[] = []
  const clones: Span[] = []
  /** From now until the undo. */
  const spanIn = (spans: Span[], agent: string): (() => void) => {
    const span: Span = { agent, fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY }
    spans.push(span)
    return () => void (span.toMs = Date.now())
  }
  let over = false
  const isOver = (): boolean => over

  /** One program after the other: the next begins where one has ended. */
  async function keepProgram(agent: string, slot: number): Promise<void> {
    for (let number = 1; !isOver(); number++) {
      const askedMs = Date.now()
      let terminalId: string
      try {
        const late = pause(15_000).then(() => Promise.reject(new Error('expected a terminal within 15 s')))
        terminalId = await Promise.race([openTerminal(writer.api, instanceOf(agent)), late])
      } catch {
        await pause(1_000)
        continue
      }
      const name = `${agent}-${slot}-${number}`
      const views = ['writer', 'reader'].map((each) => page(each).look(terminalId))
      const program: Running = {
        name,
        terminalId,
        agent,
        file: path.join(truth, name),
        begin: null,
        askedMs,
        endedMs: Number.POSITIVE_INFINITY,
        typed: '',
        views,
      }
      programs.push(program)
      const shell = views[0] as Looking
      shell.shell().type(`stty raw -echo; exec ${process.execPath} ${programFile} ${program.file}\n`)
      const closed = (): boolean => shell.shell().closed() !== null
      for (let key = 1; !closed() && !isOver();) {
        if (program.begin === null) {
          const piece = shell.pieces.find(({ data }) => data.includes(2))
          if (piece) program.begin = piece.offset + piece.data.indexOf(2) + 1
          await pause(100)
          continue
        }
        const text = `key ${key++}\n`
        program.typed += text
        shell.shell().type(text)
        await pause(between(500, 3_000))
      }
      if (closed()) program.endedMs = Date.now()
    }
  }

  async function runCommands(): Promise<void> {
    for (let number = 1; !isOver(); number++) {
      const token = `command-${number}`
      const file = path.join(truth, token)
      const asked: Asked = { token, id: null, output: null }
      commands.push(asked)
      const lines = Math.floor(between(1, 40))
      const command = `echo ran >> ${file}.ran; for i in $(seq 1 ${lines}); do echo "${token} $i"; sleep 0.1; done | tee ${file}.out`
      const instanceId = instanceOf(agents[number % agents.length] as string)
      // An answer that does not come says nothing of what was done.
      const answer = await writer.ask(RUN, { input: { instanceId, command, timeoutMs: 120_000 } }).catch(() => null)
      asked.id = answer?.runCommand.id ?? null
      asked.output = asked.id === null ? null : page('reader').follow(asked.id)
      await pause(between(1_000, 3_000))
    }
  }
  const loops = [
    ...agents.flatMap((agent) => Array.from({ length: programsEach }, (_, slot) => keepProgram(agent, slot))),
    runCommands(),
  ]
  await until(
    'all programs to write',
    () => programs.filter(({ begin }) => begin !== null).length === agents.length * programsEach,
    60_000,
  )

  const reload = (name: string): void => {
    for (const program of programs)
      for (const view of program.views) if (view.viewer === name && !view.isDone()) view.reload()
  }
  const provocations: Record<string, () => Promise<unknown>> = {
    'terminal.replay': async () => reload('reader'),
    'attachment.taken': async () => {
      page('reader').api.drop()
    },
    'access.ended': async () => {
      const other = await rig.set.signIn(rig.pagesUrl)
      const { sessions } = await other.ask('{ sessions { id current } }')
      const own = sessions.find(({ current }: any) => current)
      await writer.ask('mutation ($id: ID!) { revokeSession(id: $id) }', { id: own.id })
    },
    'instance.changed': () =>
      writer.ask('mutation ($id: ID!, $tags: [TagInput!]!) { setInstanceTags(id: $id, tags: $tags) { id } }', {
        id: instanceOf('bravo'),
        tags: [{ key: 'moment', value: String(Date.now()) }],
      }),
    'terminal.listed': async () => {
      const id = await openTerminal(writer.api, instanceOf('bravo'))
      await writer.ask(END, { id })
    },
  }

  const work: Work = {
    page,
    instanceOf,
    commands,
    spoolLosses,
    clones,
    endsShellsOf: (agent) => spanIn(ends, agent),
    hasClone: (agent) => spanIn(clones, agent),
    losesSpoolOf: (agent) => void spoolLosses.push({ agent, atMs: Date.now() }),
    reload,
    async provoke(topic) {
      // With something else broken it may be refused: then none comes.
      await provocations[topic === 'terminal.changed' ? 'terminal.listed' : topic]?.().catch(() => {})
    },
    async finish() {
      over = true
      await Promise.all(loops)
      for (const program of programs) {
        const shell = program.views[0]?.shell()
        if (!shell || shell.closed() || program.begin === null) continue
        program.typed += 'end\n'
        shell.type('end\n')
      }
      await until(
        'every view to have seen the end of its program',
        () => programs.every(({ views, begin }) => begin === null || views.every((view) => view.isDone())),
        90_000,
      ).catch(() => {})
    },
    streams: () =>
      programs.flatMap(({ name, agent, begin, askedMs, endedMs, file, typed, views }) => {
        if (begin === null) return []
        const mayEnd = ends.some((end) => end.agent === agent && end.fromMs <= endedMs && end.toMs >= askedMs)
        const lived = !mayEnd || views[0]?.shell().closed()?.exitCode === endedItself
        return { name, begin, written: read(`${file}.out`), lived, views, typed, given: read(`${file}.in`).toString() }
      }),
    marks: (token, kind) => read(path.join(truth, `${token}.${kind}`)),
  }
  return work
}
