// What travels on the bus: each topic says what it carries, how it becomes a string and back, and what happens to a slow reader.
import type { FleetEvent, LiveSample, Order, TerminalFrame } from '@sindri/schema'
import type { Policy } from './queue.ts'

/** 64 KiB of content, and room for what is around it. */
export const messageBytes = 68 * 1024

export interface Topic<T> {
  name: string
  /** Frames have a connection to Redis of their own, so that a flood of telemetry delays no keystroke. */
  lane: 'notices' | 'frames'
  policy: Policy
  encode(value: T): string
  decode(text: string): T
  /** Its values are what `decode` gives back: readers of this replica get them as they are, which is a tenth of a sample's way. */
  plain?: boolean
}

const topic = <T>(
  name: string,
  facts: Pick<Topic<T>, 'lane' | 'policy' | 'plain'>,
  revive?: (value: T) => T,
): Topic<T> => ({
  name,
  ...facts,
  encode: (value) => JSON.stringify(value),
  decode: (text) => (revive ? revive(JSON.parse(text) as T) : (JSON.parse(text) as T)),
})

/** What carries bytes with offsets: a reader that falls behind is closed, and attaches again from the offset it has. */
const frames = { lane: 'frames', policy: { kind: 'close', max: 256 }, plain: true } as const
/** What can be read again: a reader that falls behind loses the oldest, and a gap tells it to read. */
const readable = { lane: 'notices', policy: { kind: 'dropOldest', max: 1_000 } } as const

export interface LinkNotice {
  instanceId: string
  /** Links of this epoch and older are to close. */
  epoch: number
  reason: 'SUPERSEDED' | 'REMOVED' | 'DUPLICATE' | 'REPLACED'
}

export interface AccessEnded {
  /** 'user': the role or the whole account. */
  kind: 'session' | 'key' | 'user'
  id: string
}

export const topics = {
  /** Passing orders for agents that another replica holds. Key: its id. */
  order: topic<{ instanceId: string; order: Order }>('order', {
    lane: 'frames',
    policy: { kind: 'dropOldest', max: 1_000 },
  }),
  /** An order from another replica found no room in the inbox of its agent: its senders hold back for a moment. Key: 'all'. */
  inboxFull: topic<{ instanceId: string }>('inbox.full', readable),
  /** A link was taken or shall end: those before it close, on whichever replica they are. Key: 'all'. */
  link: topic<LinkNotice>('link', readable),
  /** A replica hears its agents and cannot write that down: its database is away, perhaps for it alone. Key: 'all'. */
  replicaHears: topic<{ replica: string }>('replica.hears', readable),
  /** Live frames of a terminal; a message may hold several. Key: terminal id. */
  terminalFrames: topic<TerminalFrame[]>('terminal.frames', frames),
  /** Frames for one attachment: its replay. Key: attachment id. */
  terminalReplay: topic<TerminalFrame[]>('terminal.replay', frames),
  /** A newer view of an attachment took its place, perhaps on another replica. Key: attachment id. */
  attachmentTaken: topic<{ by: string }>('attachment.taken', { lane: 'notices', policy: { kind: 'keepLatest' } }),
  /** The row of a terminal changed. Key: terminal id. */
  terminalChanged: topic<{ id: string }>('terminal.changed', { lane: 'notices', policy: { kind: 'keepLatest' } }),
  /** A terminal was asked for, got ready or closed; what is there now is read from the database. Key: 'all'. */
  terminalListed: topic<{ id: string }>('terminal.listed', readable),
  /** A command was asked for, or its end was: the replica that holds the link gives it on. Key: 'all'. */
  commandAsked: topic<{ instanceId: string }>('command.asked', readable),
  /** A command was asked for, sent, began or ended; what is there now is read from the database. Key: 'all'. */
  commandListed: topic<{ id: string }>('command.listed', readable),
  /** A command wrote or ended; what it wrote is read from the database. Key: command id. */
  commandOutput: topic<Record<string, never>>('command.output', { lane: 'notices', policy: { kind: 'keepLatest' } }),
  /** An instance enrolled, changed or went; what is there now is read from the database. Key: 'all'. */
  instanceChanged: topic<{ id: string }>('instance.changed', readable),
  /** Samples as they arrive. Key: instance id. A reader of 200 instances may leave three rounds of their samples unread. */
  metricSampled: {
    ...topic<LiveSample>(
      'metric.sampled',
      { lane: 'notices', policy: { kind: 'dropOldest', max: 600 }, plain: true },
      (live) => ({ ...live, sample: { ...live.sample, at: new Date(live.sample.at) } }),
    ),
    /** Hundreds of mounts or interfaces do not fit into one message: other replicas tell the figures, and the stored sample has all. */
    encode(live: LiveSample): string {
      const text = JSON.stringify(live)
      if (Buffer.byteLength(text) <= messageBytes) return text
      const sample = { ...live.sample, disks: null, network: null, topProcesses: null }
      return JSON.stringify({ ...live, sample })
    },
  },
  /** Events once they are stored. Key: 'all'. */
  eventRecorded: topic<FleetEvent>('event.recorded', readable, (event) => ({ ...event, at: new Date(event.at) })),
  /** Sockets and terminals that were opened with it are judged again. Key: 'all'. */
  accessEnded: topic<AccessEnded>('access.ended', readable),
}
