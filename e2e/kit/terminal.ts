// A page's hold on a terminal, for tests: shows by the uniform rule, acknowledges, types until it is taken, attaches again over a hole.
import { randomBytes } from 'node:crypto'
import type { Api } from './client.ts'
import { until } from './processes.ts'

const OUTPUT = `subscription ($terminalId: ID!, $attachmentId: ID!, $from: BigInt, $cols: Int!, $rows: Int!) {
  terminalOutput(terminalId: $terminalId, attachmentId: $attachmentId, from: $from, cols: $cols, rows: $rows) {
    __typename
    ... on TerminalOutput { offset data replay }
    ... on TerminalResized { offset cols rows }
    ... on TerminalLost { from to }
    ... on TerminalJoined { offset cols rows }
    ... on TerminalBeacon { outputHead inputAcks { writer offset } governor cols rows }
    ... on TerminalClosed { finalOffset exitCode signal reason by }
  }
}`

const OPEN = 'mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id state pid } }'
const INPUT = `mutation ($terminalId: ID!, $attachmentId: ID!, $offset: BigInt!, $data: Bytes!) {
  sendTerminalInput(terminalId: $terminalId, attachmentId: $attachmentId, offset: $offset, data: $data)
}`
const ACK = `mutation ($terminalId: ID!, $attachmentId: ID!, $offset: BigInt!) {
  ackTerminalOutput(terminalId: $terminalId, attachmentId: $attachmentId, offset: $offset)
}`
const RESIZE = `mutation ($terminalId: ID!, $attachmentId: ID!, $cols: Int!, $rows: Int!) {
  resizeTerminal(terminalId: $terminalId, attachmentId: $attachmentId, cols: $cols, rows: $rows)
}`

interface Size {
  cols: number
  rows: number
}

export interface Shell {
  id: string
  attachmentId: string
  /** Every byte shown since the last loss, while `keep` is not off. */
  bytes(): Buffer
  text(): string
  /** Behind the last byte shown. */
  next(): number
  /** How far the output was at the last beacon. */
  head(): number
  /** Called with each piece of output, at its offset. */
  onBytes(run: (data: Buffer, offset: number) => void): void
  /** Offset at which it began to show. */
  start(): number
  lost(): { from: number; to: number }[]
  closed(): Record<string, any> | null
  /** As the frames say it. */
  size(): Size | null
  governor(): string | null
  type(text: string): void
  resize(size: Size): void
  /** Bytes that the program was given. */
  acknowledged(): number
  /** From now on: acknowledge or not. */
  acknowledge(yes: boolean): void
  sees(what: string | RegExp, withinMs?: number): Promise<void>
  detach(): void
  attach(from?: number): void
  /** How often it has attached. */
  attached(): number
}

export interface ShellOptions extends Partial<Size> {
  /** Null: all there is. */
  from?: number | null
  /** Off, it plays a viewer that looks and says nothing. */
  acknowledge?: boolean
  /** As a page that stays open: it attaches again when its socket ends or falls silent, and for last bytes that are missing. */
  stays?: boolean
  /** Off, the bytes are forgotten once `onBytes` has seen them. */
  keep?: boolean
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const newAttachment = (): string =>
  `att_0${Array.from(randomBytes(25), (byte) => crockford[byte % 32]).join('')}`

/** As a page does: acknowledged at once when so much was shown, else with what comes within the pause. */
const soonBytes = 128 * 1024
const pauseMs = 40
const lookMs = 250
const missingMs = 1_000
const silenceMs = 15_000
/** Whoever stays comes back after this; last bytes that do not come so often are gone. */
const returnMs = 500
const lastTries = 20
/** What is looked for may come in two pieces. */
const overlapChars = 4096

export async function openTerminal(api: Api, instanceId: string, input: Record<string, unknown> = {}): Promise<string> {
  const { openTerminal: opened } = await api.ask(OPEN, { input: { instanceId, cols: 80, rows: 24, ...input } })
  return opened.id
}

export function attachShell(api: Api, id: string, options: ShellOptions = {}): Shell {
  const { from = null, keep = true, stays = false, cols = 80, rows = 24 } = options
  const attachmentId = newAttachment()
  const lost: { from: number; to: number }[] = []
  const held: { offset: number; data: Buffer }[] = []
  const watchers = new Set<{ fresh: Buffer[] }>()
  let acknowledges = options.acknowledge ?? true
  let parts: Buffer[] = []
  let start = from ?? 0
  let next = start
  let head = 0
  let progressMs = performance.now()
  let heardMs = progressMs
  let attached = 0
  let lastTry = 0
  let size: Size | null = null
  let governor: string | null = null
  let typed = 0
  let taken = 0
  let waiting: { offset: number; data: Buffer; sentMs: number }[] = []
  let closed: Record<string, any> | null = null
  let stop = (): void => {}
  let said = next
  let saying: NodeJS.Timeout | undefined
  let timer: NodeJS.Timeout | undefined
  let coming: NodeJS.Timeout | undefined
  let onBytes = (_data: Buffer, _offset: number): void => {}

  const show = (offset: number, data: Buffer): void => {
    if (offset > next) return void held.push({ offset, data })
    const fresh = data.subarray(next - offset)
    if (fresh.length === 0) return
    onBytes(fresh, next)
    if (keep) parts.push(fresh)
    for (const watcher of watchers) watcher.fresh.push(fresh)
    next += fresh.length
    progressMs = performance.now()
    const later = held.splice(0).toSorted((a, b) => a.offset - b.offset)
    for (const each of later) show(each.offset, each.data)
  }

  const say = (query: string, variables: Record<string, unknown>): void =>
    void api.watch(query, { terminalId: id, attachmentId, ...variables }, () => {})

  const send = (chunk: { offset: number; data: Buffer; sentMs: number }): void => {
    chunk.sentMs = performance.now()
    say(INPUT, { offset: chunk.offset, data: chunk.data.toString('base64') })
  }

  const sayShown = (): void => {
    clearTimeout(saying)
    saying = undefined
    if (!acknowledges) return
    said = next
    say(ACK, { offset: next })
  }

  const hear = (frame: Record<string, any>): void => {
    heardMs = performance.now()
    if ('cols' in frame) size = { cols: frame.cols, rows: frame.rows }
    switch (frame.__typename) {
      case 'TerminalOutput':
        show(frame.offset, Buffer.from(frame.data, 'base64'))
        if (next - said >= soonBytes) sayShown()
        else saying ??= setTimeout(sayShown, pauseMs)
        return
      case 'TerminalLost':
        if (frame.to <= next || frame.from > next) return
        lost.push({ from: next, to: frame.to })
        // As a page does: what came before is no longer on screen.
        parts = []
        start = next = frame.to
        progressMs = performance.now()
        return
      case 'TerminalBeacon':
        taken = frame.inputAcks.find(({ writer }: { writer: string }) => writer === attachmentId)?.offset ?? taken
        waiting = waiting.filter(({ offset, data }) => offset + data.length > taken)
        head = frame.outputHead
        governor = frame.governor
        return
      case 'TerminalClosed':
        closed = frame
        clearInterval(timer)
        lastTry += 1
        if (stays && !isWhole()) comeBack()
    }
  }

  const isWhole = (): boolean => closed !== null && (closed.finalOffset <= next || lastTry >= lastTries)

  const comeBack = (): void => {
    clearTimeout(coming)
    coming = setTimeout(() => attach(), returnMs)
  }

  const attach = (wanted: number | null = next): void => {
    stop()
    clearInterval(timer)
    held.length = 0
    attached += 1
    heardMs = progressMs = performance.now()
    const watching = api.watch(
      OUTPUT,
      { terminalId: id, attachmentId, from: wanted, cols, rows },
      ({ terminalOutput }) => hear(terminalOutput),
    )
    stop = () => {
      clearInterval(timer)
      clearTimeout(coming)
      clearTimeout(saying)
      saying = undefined
      ended = true
      watching.stop()
    }
    let ended = false
    if (stays) void watching.ended.then(() => !ended && !isWhole() && comeBack())
    timer = setInterval(() => {
      const nowMs = performance.now()
      for (const chunk of waiting) if (nowMs - chunk.sentMs >= 1000) send(chunk)
      if (acknowledges && (held.length > 0 || head > next) && nowMs - progressMs >= missingMs) attach()
      if (!stays || nowMs - heardMs < silenceMs) return
      api.drop()
      attach()
    }, lookMs)
  }
  attach(from)

  return {
    id,
    attachmentId,
    bytes() {
      parts = [Buffer.concat(parts)]
      return parts[0] as Buffer
    },
    text() {
      return this.bytes().toString()
    },
    next: () => next,
    head: () => head,
    onBytes: (run) => void (onBytes = run),
    start: () => start,
    lost: () => lost,
    closed: () => closed,
    size: () => size,
    governor: () => governor,
    acknowledged: () => taken,
    acknowledge(yes) {
      acknowledges = yes
      sayShown()
    },
    attached: () => attached,
    type(text) {
      const chunk = { offset: typed, data: Buffer.from(text), sentMs: 0 }
      typed += chunk.data.length
      waiting.push(chunk)
      send(chunk)
    },
    resize: (to) => say(RESIZE, { ...to }),
    async sees(what, withinMs = 15_000) {
      // Each byte is looked at once: megabytes of output must not make the viewer slow.
      const watcher = { fresh: [this.bytes()] }
      watchers.add(watcher)
      let text = ''
      const found = () => {
        text = text.slice(-overlapChars) + Buffer.concat(watcher.fresh.splice(0)).toString()
        return typeof what === 'string' ? text.includes(what) : what.test(text)
      }
      try {
        await until(`the terminal to show ${String(what)}`, found, withinMs)
      } catch (error) {
        throw new Error(`${(error as Error).message}; it ended with ${JSON.stringify(text.slice(-300))}`, {
          cause: error,
        })
      } finally {
        watchers.delete(watcher)
      }
    },
    detach: () => stop(),
    attach,
  }
}
