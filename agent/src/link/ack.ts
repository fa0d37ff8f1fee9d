// The console's acknowledgement of a link, believed only once every value in it has been looked at.
import { LIMITS } from '@sindri/schema/contract/limits'
import { type AgentAck, PROTOCOL, SINCE_MINOR } from '@sindri/schema/contract/protocol'
import { anyText, members, number, offset, text, timeMs, token } from './shape.ts'

/** Connecting again cannot help: one of the two must be updated. */
export class OtherVersion extends Error {
  override readonly name = 'OtherVersion'
}

const check = members({
  consoleVersion: anyText(LIMITS.nameChars),
  consoleTime: timeMs,
  token,
  tokenExpiresAt: timeMs,
  renewNonce: text(1024),
  epoch: offset,
  heartbeatMs: number(0, Number.MAX_SAFE_INTEGER),
  metricsMs: number(0, Number.MAX_SAFE_INTEGER),
})

const within = (value: number, [least, most]: readonly [number, number]): number =>
  Math.min(most, Math.max(least, value))

function checkVersion(value: unknown): void {
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})$/.exec(typeof value === 'string' ? value : '') ?? []
  if (major === undefined) throw new Error('protocolVersion: expected a version such as 1.0 in the acknowledgement')
  if (Number(major) === PROTOCOL.major) return
  const who = Number(major) > PROTOCOL.major ? 'Update the agent' : 'Update the console'
  const ours = `${PROTOCOL.major}.${PROTOCOL.minor}`
  throw new OtherVersion(`${who}: the agent speaks protocol ${ours}, the console ${major}.${minor}.`)
}

/** Throws OtherVersion, or an Error that names the value that is wrong. */
export function readAck(payload: unknown): AgentAck {
  // First of all: of another major nothing else can be judged.
  checkVersion((payload as Partial<AgentAck> | null | undefined)?.protocolVersion)
  const problem = check(payload, '')
  if (problem) throw new Error(problem)
  const ack = payload as AgentAck
  return {
    ...ack,
    heartbeatMs: within(ack.heartbeatMs, LIMITS.heartbeatRangeMs),
    metricsMs: within(ack.metricsMs, LIMITS.metricsRangeMs),
  }
}

/** Whether the console knows what came after 1.0. */
export const knows = (
  { protocolVersion }: Pick<AgentAck, 'protocolVersion'>,
  what: keyof typeof SINCE_MINOR,
): boolean => Number(protocolVersion.split('.')[1]) >= SINCE_MINOR[what]
