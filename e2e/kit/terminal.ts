// A page's hold on a terminal, for tests: shows by the uniform rule, acknowledges, types with offsets, attaches again over a hole.
import { randomBytes } from 'node:crypto'
import type { Api } from './client.ts'
import { until } from './processes.ts'

const OUTPUT = `subscription ($terminalId: ID!, $attachmentId: ID!, $from: BigInt, $cols: Int!, $rows: Int!) {
  terminalOutput(terminalId: $terminalId, attachmentId: $attachmentId, from: $from, cols: $cols, rows: $rows) {
    __typename
    ... on TerminalOutput { offset data replay }
    ... on TerminalResized { offset cols rows }
    ... on TerminalLost { from to }
    ... on TerminalJoined { offset }
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

export interface Shell {
  id: string
  attachmentId: string
  /** Every byte shown so far. */
  bytes(): Buffer
  text(): string
  /** Called after each frame of output. */
  onBytes(run: () => void): void
  /** Offset at which it began to show. */
  start(): number
  lost(): { from: number; to: number }[]
  closed(): Record<string, any> | null
  type(text: string): void
  /** Bytes that the program was given. */
  acknowledged(): number
  sees(what: string | RegExp, withinMs?: number): Promise<void>
  detach(): void
  attach(from?: number | null): void
}

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const newAttachment = (): string => `att_0${Array.from(randomBytes(25), (byte) => crockford[byte % 32]).join('')}`

export async function openTerminal(api: Api, instanceId: string, input: Record<string, unknown> = {}): Promise<string> {
  const { openTerminal: opened } = await api.ask(OPEN, { input: { instanceId, cols: 80, rows: 24, ...input } })
  return opened.id
}

/** `acknowledge: false` plays a viewer that stopped reading. */
export function attachShell(api: Api, id: string, { from = null, acknowledge = true }: { from?: number | null; acknowledge?: boolean } = {}): Shell {
  const attachmentId = newAttachment()
  let parts: Buffer[] = []
  let start = from ?? 0
  let next: number | null = from
  let typed = 0
  let taken = 0
  let closed: Record<string, any> | null = null
  let stop = (): void => {}
  let onBytes = (): void => {}
  const lost: { from: number; to: number }[] = []
  const held: { offset: number; data: Buffer }[] = []

  const show = (offset: number, data: Buffer): void => {
    if (next === null) start = next = offset
    if (offset > next) return void held.push({ offset, data })
    const fresh = data.subarray(next - offset)
    if (fresh.length > 0 && offset + data.length > next) {
      parts.push(fresh)
      next += fresh.length
    }
    const waiting = held.splice(0).toSorted((a, b) => a.offset - b.offset)
    for (const later of waiting) show(later.offset, later.data)
  }

  const attach = (wanted: number | null = next): void => {
    stop()
    held.length = 0
    const watching = api.watch(OUTPUT, { terminalId: id, attachmentId, from: wanted, cols: 80, rows: 24 }, ({ terminalOutput: frame }) => {
      if (frame.__typename === 'TerminalOutput') {
        show(frame.offset, Buffer.from(frame.data, 'base64'))
        onBytes()
        if (acknowledge) api.watch(ACK, { terminalId: id, attachmentId, offset: next }, () => {})
      } else if (frame.__typename === 'TerminalLost') {
        lost.push({ from: frame.from, to: frame.to })
        if (next === null) start = frame.to
        next = Math.max(next ?? 0, frame.to)
      } else if (frame.__typename === 'TerminalBeacon') {
        taken = frame.inputAcks.find(({ writer }: { writer: string }) => writer === attachmentId)?.offset ?? taken
      } else if (frame.__typename === 'TerminalClosed') closed = frame
    })
    stop = watching.stop
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
    onBytes: (run) => void (onBytes = run),
    start: () => start,
    lost: () => lost,
    closed: () => closed,
    acknowledged: () => taken,
    type(text) {
      const data = Buffer.from(text)
      api.watch(INPUT, { terminalId: id, attachmentId, offset: typed, data: data.toString('base64') }, () => {})
      typed += data.length
    },
    async sees(what, withinMs = 15_000) {
      const found = () => (typeof what === 'string' ? this.text().includes(what) : what.test(this.text()))
      await until(`the terminal to show ${String(what)}`, found, withinMs).catch((error: Error) => {
        throw new Error(`${error.message}; it ended with ${JSON.stringify(this.text().slice(-300))}`)
      })
    },
    detach: () => stop(),
    attach,
  }
}
