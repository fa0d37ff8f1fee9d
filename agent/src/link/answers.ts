// What the console may answer to each operation; another answer counts as a defect of the console, never as done.
import { LIMITS } from '@sindri/schema/contract/limits'
import {
  ClaimCommandDocument,
  HeartbeatDocument,
  type Operation,
  PublishCommandRecordsDocument,
  PublishEventsDocument,
  PublishGapsDocument,
  PublishLiveSampleDocument,
  PublishSamplesDocument,
  PublishTerminalFramesDocument,
  RegisterInstanceDocument,
  RenewAgentTokenDocument,
  ReportCommandsDocument,
  ReportTerminalClosedDocument,
  ReportTerminalOpenedDocument,
  ReportTerminalsDocument,
} from './gql/graphql.ts'
import { Refused } from './refused.ts'
import { anyText, type Check, flag, list, members, orNull, text, time, token, whole } from './shape.ts'

const id = text(LIMITS.nameChars)
const said = orNull(anyText(LIMITS.frameBytes))

/** The text of an address of a WebSocket. Anything else would be thrown by the socket, out of everybody's reach. */
const linkUrl: Check = (value, path) => {
  const problem = text(2048)(value, path)
  if (problem) return problem
  return isLinkUrl(value as string) ? null : `${path}: expected an address such as wss://console.example.com/graphql`
}

export const isLinkUrl = (value: string): boolean =>
  /^wss?:\/\//i.test(value) && URL.canParse(value) && !new URL(value).hash

const published = members({
  outcomes: list(text(64), LIMITS.batchRecords),
  refusals: list(
    members({ index: whole(0, LIMITS.batchRecords), code: text(64), field: said, expected: said, got: said }),
    LIMITS.batchRecords,
  ),
})

type AnyOperation = Operation<unknown, never>

const answers = new Map<AnyOperation, Check>([
  [
    RegisterInstanceDocument,
    members({ registerInstance: members({ id, instanceId: id, agentToken: token, linkUrl }) }),
  ],
  [RenewAgentTokenDocument, members({ renewAgentToken: members({ token, expiresAt: time, renewNonce: text(1024) }) })],
  [HeartbeatDocument, members({ heartbeat: time })],
  [PublishSamplesDocument, members({ publishSamples: published })],
  [PublishGapsDocument, members({ publishGaps: published })],
  [PublishEventsDocument, members({ publishEvents: published })],
  [PublishCommandRecordsDocument, members({ publishCommandRecords: published })],
  [ClaimCommandDocument, members({ claimCommand: flag })],
  [ReportCommandsDocument, members({ reportCommands: flag })],
  [PublishLiveSampleDocument, members({ publishLiveSample: flag })],
  [ReportTerminalsDocument, members({ reportTerminals: list(id, 10_000) })],
  [ReportTerminalOpenedDocument, members({ reportTerminalOpened: flag })],
  [PublishTerminalFramesDocument, members({ publishTerminalFrames: flag })],
  [ReportTerminalClosedDocument, members({ reportTerminalClosed: flag })],
])

/** Throws `Refused` where the data is not what was asked for. */
export function readAnswer<Result, Variables>(operation: Operation<Result, Variables>, data: unknown): Result {
  const problem = answers.get(operation)?.(data, '')
  if (problem) throw new Refused('INTERNAL', `The console answered wrongly: ${problem}.`)
  return data as Result
}
