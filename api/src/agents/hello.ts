// The first message of an agent's link, checked value by value; what comes from the network has no shape until then.
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { type AgentInit, PROTOCOL } from '@sindri/schema/contract/protocol'
import { isId, isUlid } from '../platform/ids.ts'
import { objectOf, textOf } from '../platform/records.ts'
import { checkNotices } from './facts.ts'

export interface Hello extends Omit<AgentInit, 'kind' | 'notices' | 'protocolVersion'> {
  minor: number
  /** JSON. */
  notices: string
}

const intervalOf = (path: string, value: unknown, [least, most]: readonly [number, number]): number => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw badInput(path, 'milliseconds', value)
  return Math.round(Math.min(most, Math.max(least, value)))
}

/** Out of range is brought into it, and the acknowledgement says so: an agent with a strange setting should still be seen. */
export const heartbeatOf = (path: string, value: unknown): number => intervalOf(path, value, LIMITS.heartbeatRangeMs)

/** The minor version; a different major is refused with a message for the person who must update one of the two. */
const minorOf = (value: unknown): number => {
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})$/.exec(typeof value === 'string' ? value : '') ?? []
  if (major === undefined || minor === undefined) throw badInput('protocolVersion', 'a version such as "1.0"', value)
  if (Number(major) === PROTOCOL.major) return Number(minor)
  const who = Number(major) < PROTOCOL.major ? 'Update the agent' : 'Update the console'
  throw new Fault(
    'VERSION',
    `${who}: the agent speaks protocol ${major}.${minor}, the console ${PROTOCOL.major}.${PROTOCOL.minor}.`,
  )
}

export const checkHello = (payload: unknown): Hello => {
  const init = objectOf('connection_init', payload)
  // First of all: of another major nothing else can be judged.
  const minor = minorOf(init.protocolVersion)
  const instance = textOf('instance', init.instance, 64)
  if (!isId('instance', instance)) throw badInput('instance', 'an id such as "ins_…"', instance)
  const run = textOf('run', init.run, 26)
  if (!isUlid(run)) throw badInput('run', 'a ULID of 26 characters', run)
  return {
    minor,
    instance,
    run,
    token: textOf('token', init.token, 4096),
    signature: textOf('signature', init.signature, 128),
    agentVersion: textOf('agentVersion', init.agentVersion, LIMITS.nameChars),
    hostname: textOf('hostname', init.hostname, 255),
    heartbeatMs: heartbeatOf('heartbeatMs', init.heartbeatMs),
    metricsMs: intervalOf('metricsMs', init.metricsMs, LIMITS.metricsRangeMs),
    notices: checkNotices('notices', init.notices),
  }
}
