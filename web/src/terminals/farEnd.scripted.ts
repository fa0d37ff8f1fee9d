// The console and the agent behind a page, reduced to what the page can see of them, over a way that loses what the test says.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { shallowRef } from 'vue'
import type { TerminalOutputSubscription } from '../graph/gql/graphql.ts'
import { ShownFault } from '../graph/faults.ts'
import type { Graph, Receiver } from '../graph/graph.ts'
import { foldLink, idle, type Link } from '../graph/link.ts'
import type { FakeClock } from '../platform/fakeClock.ts'
import { fromBase64, toBase64 } from '../platform/base64.ts'

export type Frame = TerminalOutputSubscription['terminalOutput']
export type Fate = 'comes' | 'lost' | 'twice' | 'late'

/** Of all operations of a page together. */
interface Variables {
  attachmentId: string
  from: number
  cols: number
  rows: number
  offset: number
  data: string
}
interface Viewer {
  cursor: number
  acked: number
  joined: boolean
  size: { cols: number; rows: number }
}
interface Stream {
  id: string
  receiver: Receiver<TerminalOutputSubscription>
}
interface Writer {
  next: number
  held: Map<number, Uint8Array>
}

const windowBytes = 64
const chunkBytes = 16
const byteAt = (offset: number): number => (offset * 7919 + (offset >> 8)) % 251

export const createFarEnd = (clock: FakeClock) => {
  const link = shallowRef<Link>(foldLink(idle, { kind: 'live', at: clock.now() }))
  const viewers = new Map<string, Viewer>()
  const writers = new Map<string, Writer>()
  const streams = new Set<Stream>()
  const asked: { name: string; variables: Variables }[] = []
  const typed: number[] = []
  let head = 0
  let ringStart = 0
  let closed: Extract<Frame, { __typename: 'TerminalClosed' }> | null = null
  let governor: string | null = null
  let size = { cols: 80, rows: 24 }

  const farEnd = {
    graph: {} as Pick<Graph, 'subscribe' | 'link'>,
    asked,
    typed,
    /** What becomes of the next message, on the way here (`in`) or to the page (`out`). */
    fate: (_way: 'in' | 'out', _what: string): Fate => 'comes',
    /** The agent is away: nothing that is sent reaches it, and nothing comes. */
    isAway: false,
    /** It keeps what is typed to itself. */
    acknowledges: true,
    beacons: true,
    get head() {
      return head
    },
    count: (name: string) => asked.filter((each) => each.name === name).length,
    last: (name: string) => asked.findLast((each) => each.name === name)?.variables,
    writes(bytes: number, replay = false) {
      const live = [...viewers].filter(([, viewer]) => viewer.joined)
      for (let at = head; at < head + bytes; at += chunkBytes) {
        const frame = output(at, Math.min(chunkBytes, head + bytes - at), replay)
        for (const [id] of live) say(id, frame)
      }
      head += bytes
      for (const [, viewer] of live) viewer.cursor = head
      pump()
    },
    /** The ring keeps no more than this. */
    keeps(bytes: number) {
      ringStart = Math.max(ringStart, head - bytes)
    },
    exits(exitCode = 0) {
      closed = {
        __typename: 'TerminalClosed',
        finalOffset: head,
        exitCode,
        signal: null,
        reason: 'EXITED',
        by: null,
      }
      finish()
    },
    /** Of another page of the same user. */
    governedBy(id: string | null) {
      governor = id
    },
    beacon() {
      for (const { id } of streams) sayBeacon(id)
    },
    say: (frame: Frame) => [...streams].forEach(({ receiver }) => receiver.next({ terminalOutput: frame })),
    fault(code: 'SLOW_CONSUMER' | 'NOT_FOUND') {
      for (const { receiver } of drop()) receiver.fault(new ShownFault(code, '', code === 'SLOW_CONSUMER'))
    },
    linkLost() {
      drop()
      link.value = foldLink(link.value, { kind: 'closed', at: clock.now() })
    },
    linkRegained() {
      link.value = foldLink(link.value, { kind: 'live', at: clock.now() })
    },
    /** The network swallows everything, and nobody has noticed yet. */
    linkIsDead: false,
    /** The agent no longer knows who looks. */
    forgets: () => viewers.clear(),
  }

  const drop = (): Stream[] => {
    const dropped = [...streams]
    streams.clear()
    return dropped
  }

  const output = (offset: number, count: number, replay: boolean): Frame => {
    const bytes = Uint8Array.from({ length: count }, (_, i) => byteAt(offset + i))
    return { __typename: 'TerminalOutput', offset, data: toBase64(bytes), replay }
  }

  const carry = (way: 'in' | 'out', what: string, deliver: () => void): void => {
    if (farEnd.linkIsDead) return
    const fate = farEnd.fate(way, what)
    if (fate === 'lost') return
    if (fate === 'late') return void clock.after(30 + 100 * clock.chance(), deliver)
    deliver()
    if (fate === 'twice') deliver()
  }

  const say = (id: string, frame: Frame): void => {
    for (const stream of streams) {
      if (stream.id !== id) continue
      carry('out', frame.__typename, () => {
        if (streams.has(stream)) stream.receiver.next({ terminalOutput: frame })
      })
    }
  }

  const sayBeacon = (id: string): void => {
    if (farEnd.isAway || !viewers.has(id)) return
    const inputAcks = farEnd.acknowledges ? [...writers].map(([writer, { next }]) => ({ writer, offset: next })) : []
    say(id, { __typename: 'TerminalBeacon', outputHead: head, inputAcks, governor, ...size })
  }

  const pump = (): void => {
    if (farEnd.isAway) return
    for (const [id, viewer] of viewers) {
      if (viewer.joined) continue
      if (viewer.cursor < ringStart) {
        say(id, { __typename: 'TerminalLost', from: viewer.cursor, to: ringStart })
        viewer.cursor = viewer.acked = ringStart
      }
      while (viewer.cursor < head) {
        const count = Math.min(chunkBytes, head - viewer.cursor, viewer.acked + windowBytes - viewer.cursor)
        if (count <= 0) break
        say(id, output(viewer.cursor, count, true))
        viewer.cursor += count
      }
      if (viewer.cursor < head) continue
      viewer.joined = true
      say(id, { __typename: 'TerminalJoined', offset: head, ...size })
    }
    finish()
  }

  /** The console ends a stream when its last byte was passed on; a frame that was lost behind it is the page's to miss. */
  const finish = (): void => {
    if (!closed) return
    const present = [...streams]
    for (const stream of present) {
      if (!viewers.get(stream.id)?.joined && !farEnd.isAway) continue
      const end = closed
      carry('out', 'TerminalClosed', () => {
        if (!streams.delete(stream)) return
        stream.receiver.next({ terminalOutput: end })
        stream.receiver.end?.()
      })
    }
  }

  const input = (id: string, offset: number, data: Uint8Array): void => {
    const writer: Writer = writers.get(id) ?? { next: 0, held: new Map() }
    writers.set(id, writer)
    writer.held.set(offset, data)
    for (const [at, bytes] of [...writer.held].toSorted(([a], [b]) => a - b)) {
      if (at > writer.next) continue
      const fresh = bytes.subarray(writer.next - at)
      typed.push(...fresh)
      writer.next += fresh.length
      writer.held.delete(at)
    }
    governor = id
    for (const viewer of viewers.keys()) sayBeacon(viewer)
  }

  const obey = (name: string, variables: Variables): void => {
    if (farEnd.isAway) return
    const id = variables.attachmentId
    const viewer = viewers.get(id)
    if (!viewer) say(id, { __typename: 'TerminalResized', offset: head, ...size, replay: true })
    if (name === 'SendTerminalInput') return input(id, variables.offset, fromBase64(variables.data))
    if (name === 'AckTerminalOutput' && viewer) viewer.acked = Math.max(viewer.acked, Math.min(variables.offset, head))
    if (name === 'ResizeTerminal' && viewer) {
      viewer.size = { cols: variables.cols, rows: variables.rows }
      if (governor === null || governor === id) size = viewer.size
    }
    pump()
  }

  farEnd.graph = {
    link,
    subscribe<Data, Given>(document: TypedDocumentNode<Data, Given>, given: Given, receiver: Receiver<Data>) {
      const [definition] = document.definitions
      const name = (definition && 'name' in definition && definition.name?.value) || ''
      const variables = given as unknown as Variables
      asked.push({ name, variables })
      if (name !== 'TerminalOutput') {
        let gone = false
        carry('in', name, () => obey(name, variables))
        void clock.after(1, () => !gone && receiver.end?.())
        return () => void (gone = true)
      }
      const stream = { id: variables.attachmentId, receiver: receiver as unknown as Stream['receiver'] }
      streams.add(stream)
      const { from, cols, rows } = variables
      carry('in', name, () => {
        if (farEnd.isAway) return
        viewers.set(stream.id, { cursor: from, acked: from, joined: false, size: { cols, rows } })
        if (governor === null || governor === stream.id) size = { cols, rows }
        say(stream.id, { __typename: 'TerminalResized', offset: Math.max(from, ringStart), ...size, replay: true })
        pump()
      })
      // Asked twice in vain, the console gives up.
      if (closed) void clock.after(6000, finish)
      return () => void streams.delete(stream)
    },
  }

  clock.every(1000, () => {
    if (farEnd.beacons) farEnd.beacon()
    if (link.value.state === 'live' && !farEnd.linkIsDead) {
      link.value = foldLink(link.value, { kind: 'heard', at: clock.now() })
    }
  })
  return farEnd
}

/** Shows bytes at once, or when the test says so. */
export const createScriptedScreen = () => {
  const written: number[] = []
  const waiting: (() => void)[] = []
  let lostTo = 0
  const screen = {
    isSlow: false,
    written,
    sizes: [] as { cols: number; rows: number }[],
    losses: [] as number[],
    /** Called while the bytes are drawn: what the emulator would answer. */
    onDraw: (_bytes: Uint8Array): void => {},
    /** What was written since the last loss is the program's output up to here. */
    get next() {
      return lostTo + written.length
    },
    write(bytes: Uint8Array, done: () => void) {
      const draw = (): void => {
        screen.onDraw(bytes)
        done()
      }
      written.push(...bytes)
      if (screen.isSlow || waiting.length > 0) waiting.push(draw)
      else draw()
    },
    resize: (size: { cols: number; rows: number }) => void screen.sizes.push(size),
    lost(bytes: number) {
      lostTo += written.length + bytes
      written.length = 0
      screen.losses.push(bytes)
    },
    /** Draws what waits. */
    draw() {
      for (let next = waiting.shift(); next; next = waiting.shift()) next()
    },
    get isRight() {
      return written.every((byte, i) => byte === byteAt(lostTo + i))
    },
  }
  return screen
}
