// Reads the agent's whole configuration from environment variables; a wrong value is one line that names it.
import { LIMITS } from '@sindri/schema/contract/limits'
import { isAbsolute, join, resolve } from 'node:path'
import { logLevels, type LogLevel } from './platform/log.ts'

export interface Geo {
  latitude: number
  longitude: number
  label: string | null
}

export interface AgentEnv {
  /** http(s) address of the console, without a slash at the end. */
  consoleUrl: string
  /** Needed only to enrol, so its absence is judged there. */
  bootstrapSecret: { value: string } | { file: string } | null
  instanceId: string
  provider: string | null
  region: string | null
  /** null: the console decides. */
  heartbeatMs: number | null
  metricsMs: number | null
  tags: Readonly<Record<string, string>>
  /** null: the user's login shell. */
  shell: string | null
  /** A terminal that nobody looks at ends after this. */
  terminalIdleMs: number
  /** Output that each terminal keeps for those who come later. */
  terminalRingBytes: number
  logLevel: LogLevel
  stateDir: string
  /** null: looked for in the usual places. */
  configPath: string | null
  sshEndpoint: string | null
  geo: Geo | null
}

export interface Surroundings {
  hostname: string
  homeDir: string
  workingDir: string
}

type Variables = Readonly<Record<string, string | undefined>>

/** One line per wrong variable. */
export class WrongEnv extends Error {
  override readonly name = 'WrongEnv'
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

const maxShown = 60

/** The value as a message may show it: short, on one line. */
function quote(value: string): string {
  const text = JSON.stringify(value)
  return text.length <= maxShown ? text : `${text.slice(0, maxShown)}… (${value.length} characters)`
}

/** Thrown by a rule below; `readEnv` puts the variable's name in front. */
class Wrong extends Error {}

const expected = (what: string, got: string): Wrong => new Wrong(`expected ${what}, got ${got}`)

function toConsoleUrl(value: string): string {
  const form = 'an address such as https://console.example.com'
  if (!URL.canParse(value)) throw expected(form, quote(value))
  const url = new URL(value)
  const protocol = { 'http:': 'http:', 'https:': 'https:', 'ws:': 'http:', 'wss:': 'https:' }[url.protocol]
  if (!protocol) throw expected(form, quote(value))
  if (url.username || url.password)
    throw expected(`${form} without a user name or password`, `one for user ${quote(url.username)}`)
  if (url.search || url.hash) throw expected(`${form} without a query or fragment`, quote(value))
  return `${protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`
}

function toName(value: string): string {
  const pattern = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${LIMITS.nameChars - 1}}$`)
  if (!pattern.test(value)) {
    throw expected(`1 to ${LIMITS.nameChars} letters, digits, ".", "_" or "-", a letter or digit first`, quote(value))
  }
  return value
}

function toWord(value: string): string {
  if (value.length > LIMITS.nameChars || /[\p{Cc}\s]/u.test(value)) {
    throw expected(`at most ${LIMITS.nameChars} characters without spaces`, quote(value))
  }
  return value
}

const toMs =
  ([lowMs, highMs]: readonly [number, number]) =>
  (value: string): number => {
    const ms = Math.round(Number(value) * 1000)
    if (!/^\d+(\.\d+)?$/.test(value) || ms < lowMs || ms > highMs) {
      throw expected(`seconds from ${lowMs / 1000} to ${highMs / 1000}`, quote(value))
    }
    return ms
  }

const MiB = 1024 * 1024
const mostRingMiB = LIMITS.terminalRingMaxBytes / MiB

function toRingBytes(value: string): number {
  if (!/^\d+$/.test(value) || Number(value) < 1 || Number(value) > mostRingMiB) {
    throw expected(`MiB from 1 to ${mostRingMiB}`, quote(value))
  }
  return Number(value) * MiB
}

/** A page says once a minute that it is there; a day more than a month serves nobody. */
const terminalIdleRangeMs = [600_000, 30 * 86_400_000] as const

function toTags(value: string): Record<string, string> {
  const tags = new Map<string, string>()
  for (const pair of value.split(',').map((text) => text.trim())) {
    if (pair === '') continue
    const [, name, text] = /^([^=\s]+)\s*=\s*(.*)$/su.exec(pair) ?? []
    if (name === undefined || text === undefined) throw expected('tags as key=value,key=value', quote(pair))
    if (tags.has(name)) throw expected('each tag once', `${quote(name)} twice`)
    if (!/^[\w./-]{1,63}$/.test(name)) throw expected('keys of at most 63 letters, digits and . _ - /', quote(name))
    if (text.length > LIMITS.nameChars) throw expected(`values of at most ${LIMITS.nameChars} characters`, quote(pair))
    tags.set(name, text)
  }
  if (tags.size > LIMITS.tags) throw expected(`at most ${LIMITS.tags} tags`, `${tags.size}`)
  return Object.fromEntries(tags)
}

function toShell(value: string): string {
  if (!isAbsolute(value)) throw expected('the absolute path of a shell, such as /bin/bash', quote(value))
  return value
}

function toLogLevel(value: string): LogLevel {
  const level = logLevels.find((name) => name === value.toLowerCase())
  if (!level) throw expected(`one of ${logLevels.join(', ')}`, quote(value))
  return level
}

function toGeo(value: string): Geo {
  const [latitudeText = '', longitudeText = '', ...rest] = value.split(',').map((text) => text.trim())
  const latitude = Number(latitudeText)
  const longitude = Number(longitudeText)
  const label = rest.join(', ')
  const complete = latitudeText !== '' && longitudeText !== ''
  if (!complete || !(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180) || label.length > LIMITS.nameChars) {
    throw expected('latitude,longitude,label such as 52.52,13.40,Berlin', quote(value))
  }
  return { latitude, longitude, label: label || null }
}

export function readEnv(variables: Variables, { hostname, homeDir, workingDir }: Surroundings): AgentEnv {
  const lines: string[] = []

  /** An empty value counts as unset: compose files and unit files pass those on. */
  const raw = (name: string): string | undefined => variables[name]?.trim() || undefined

  function read<T, D>(name: string, rule: (value: string) => T, absent: D): T | D {
    const value = raw(name)
    if (value === undefined) return absent
    try {
      return rule(value)
    } catch (error) {
      if (!(error instanceof Wrong)) throw error
      lines.push(`${name}: ${error.message}.`)
      return absent
    }
  }

  const toPath = (value: string): string =>
    value === '~' || value.startsWith('~/') ? join(homeDir, value.slice(1)) : resolve(workingDir, value)

  function bootstrapSecret(): AgentEnv['bootstrapSecret'] {
    const value = raw('SINDRI_CONSOLE_API_KEY')
    const file = read('SINDRI_CONSOLE_API_KEY_FILE', toPath, undefined)
    if (value !== undefined && file !== undefined) {
      lines.push('SINDRI_CONSOLE_API_KEY: expected either it or SINDRI_CONSOLE_API_KEY_FILE, got both.')
    }
    if (file !== undefined) return { file }
    return value === undefined ? null : { value }
  }

  function instanceId(): string {
    const given = read('SINDRI_INSTANCE_ID', toName, undefined)
    if (given !== undefined || raw('SINDRI_INSTANCE_ID') !== undefined) return given ?? ''
    try {
      return toName(hostname)
    } catch {
      lines.push(`SINDRI_INSTANCE_ID: expected a value, because the hostname ${quote(hostname)} cannot serve as one.`)
      return ''
    }
  }

  if (raw('SINDRI_CONSOLE_URL') === undefined) {
    lines.push('SINDRI_CONSOLE_URL: expected an address such as https://console.example.com, got nothing.')
  }
  const env: AgentEnv = {
    consoleUrl: read('SINDRI_CONSOLE_URL', toConsoleUrl, ''),
    bootstrapSecret: bootstrapSecret(),
    instanceId: instanceId(),
    provider: read('SINDRI_PROVIDER', toWord, null),
    region: read('SINDRI_REGION', toWord, null),
    heartbeatMs: read('SINDRI_AGENT_HEARTBEAT', toMs(LIMITS.heartbeatRangeMs), null),
    metricsMs: read('SINDRI_AGENT_METRICS', toMs(LIMITS.metricsRangeMs), null),
    tags: read('SINDRI_AGENT_TAGS', toTags, {}),
    shell: read('SINDRI_AGENT_SHELL', toShell, null),
    terminalIdleMs: read('SINDRI_AGENT_TERMINAL_IDLE', toMs(terminalIdleRangeMs), LIMITS.terminalIdleMs),
    terminalRingBytes: read('SINDRI_AGENT_TERMINAL_RING', toRingBytes, LIMITS.terminalRingBytes),
    logLevel: read('SINDRI_LOG_LEVEL', toLogLevel, 'info'),
    stateDir: read('SINDRI_AGENT_STATE_DIR', toPath, join(homeDir, '.sindri', 'agent')),
    configPath: read('SINDRI_CONFIG', toPath, null),
    sshEndpoint: read('SINDRI_SSH_ENDPOINT', toWord, null),
    geo: read('SINDRI_GEO', toGeo, null),
  }
  if (lines.length > 0) throw new WrongEnv(lines)
  return env
}
