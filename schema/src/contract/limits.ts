// Every number on which two sides must agree, each with its reason.

const KiB = 1024
const MiB = 1024 * KiB
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

export const LIMITS = {
  /** One frame or request. A terminal frame stays far below; a full telemetry batch is 256 KiB. */
  frameBytes: 1 * MiB,
  /** Records in one telemetry mutation: one multi-row insert that commits in a few milliseconds. */
  batchRecords: 500,
  batchBytes: 256 * KiB,
  /** Telemetry mutations an agent may have unanswered: the answer is the credit. */
  batchesInFlight: 4,
  /** Accepted window of a record's `at`, around the console's clock. */
  atPastMs: 30 * day,
  atFutureMs: 10 * minute,
  /** A spool that is full drops its oldest samples and reports the gap. */
  spoolBytes: 64 * MiB,
  spoolMs: 24 * hour,
  /** Lists inside one record; what is beyond is refused, so that one machine cannot fill a row without bound. */
  listItems: 256,
  processItems: 20,
  metadataBytes: 16 * KiB,
  messageChars: 4096,
  tags: 64,
  nameChars: 128,

  heartbeatMs: 10 * second,
  metricsMs: 30 * second,
  /** Intervals an agent may ask for: faster would be load without insight, slower would hide its death. */
  heartbeatRangeMs: [1 * second, 10 * minute],
  metricsRangeMs: [1 * second, 1 * hour],
  /** STALE after two silent intervals, OFFLINE after three, and never sooner than this after the last frame. */
  offlineFloorMs: 30 * second,
  /** How far back charts reach: rollups by the hour. */
  metricsKeptMs: 400 * day,
  /** Whole samples, with cores, mounts and interfaces: one for each of these, and for how long. */
  snapshotMs: 5 * minute,
  snapshotsKeptMs: 48 * hour,
  /** Cadence of live samples while somebody looks, and how long one order for them lasts. */
  liveSampleMs: 2 * second,
  liveSampleLeaseMs: 30 * second,

  /** Output in one message on the bus and on a socket, before base64: 60 KiB of text, and room for what is around it. */
  terminalChunkBytes: 45 * KiB,
  terminalInputBytes: 32 * KiB,
  /** Unacknowledged input a writer may hold at either end. */
  terminalInputHoldBytes: 256 * KiB,
  terminalRingBytes: 2 * MiB,
  terminalRingMaxBytes: 8 * MiB,
  terminalsPerAgent: 32,
  terminalRingsPerAgentBytes: 64 * MiB,
  /** Output sent beyond the last acknowledgement before the program is paused: 256 KiB is 25 ms of a fast `cat`. */
  terminalWindowBytes: 256 * KiB,
  terminalColumns: [2, 1000],
  terminalRows: [1, 500],
  terminalOpenTimeoutMs: 10 * second,
  /** A terminal that nobody looks at ends after this. */
  terminalIdleMs: 24 * hour,
  /** A governor that owes an acknowledgement for this long stops governing. */
  governorSilenceMs: 2 * second,
  /** Input unacknowledged for this long is sent again. */
  inputResendMs: 1 * second,
  /** After this much silence on the link a terminal takes no keys. */
  terminalSilenceMs: 5 * second,
  /** Unsent input older than this waits for the user to press "Send". */
  inputStaleMs: 10 * second,

  /** A command and its arguments in characters; as JSON with input and variables it stays below a frame. */
  commandChars: 64 * KiB,
  commandArgs: 256,
  commandStdinBytes: 256 * KiB,
  commandTimeoutMs: [1 * second, 1 * hour],
  commandDefaultTimeoutMs: 30 * second,
  /** Kept of each output: what is beyond is counted. */
  commandOutputBytes: 4 * MiB,
  /** One record of it. */
  commandChunkBytes: 32 * KiB,
  /** That may wait or run on one instance, and of these at once. */
  commandsPerAgent: 32,
  commandsAtOnce: 8,
  /** For its agent to come for it. */
  commandWaitMs: 24 * hour,

  /** Variables of one shell or command. */
  variables: 64,
  variablesBytes: 32 * KiB,

  /** Instances that one act may change: a transaction of well under a second, and no more news than a page takes. */
  selectionInstances: 1000,
  /** Saved views of a user: as many as still make a row of tabs; each is counted whenever they are shown. */
  views: 30,
  viewNameChars: 40,

  pageDefault: 50,
  pageMax: 200,
  /** Points of one chart answer: more than any screen has pixels for. */
  metricPointsMax: 2000,
  searchChars: 200,
  passwordChars: [12, 256],
  agentTokenMs: 24 * hour,
  sessionMs: 14 * day,
  sessionIdleMs: 3 * day,
} as const
