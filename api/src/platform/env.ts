// Reads the console's whole configuration from environment variables; a wrong value is one line that names it.
import { isIP } from 'node:net'
import path from 'node:path'
import { LIMITS } from '@sindri/schema/contract/limits'
import { LOG_LEVELS } from './log.ts'
import type { LogLevel } from './log.ts'

export interface Env {
  databaseUrl: string
  /** undefined: this process is the only replica. */
  redisUrl: string | undefined
  host: string
  /** 0: any free one. */
  port: number
  /** Where browsers and agents reach the console, without a path; null: at the address it listens on. */
  publicUrl: URL | null
  /** Addresses and networks (CIDR) whose X-Forwarded-… headers are believed. */
  trustedProxies: string[]
  /** Absolute. */
  dataDir: string
  /** undefined: one is made at the first start. */
  enrolSecret: string | undefined
  adminEmail: string | undefined
  adminPassword: string | undefined
  /** Enrolments with a valid secret per minute. */
  enrolRate: number
  metricsRetentionDays: number
  logLevel: LogLevel
  /** Names of the variables that are set; the others have their defaults. */
  set: readonly string[]
}

/** One line per wrong variable. */
export class WrongEnv extends Error {
  override readonly name = 'WrongEnv'
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

/** Thrown by a rule; `readEnv` puts the variable's name in front. */
class Wrong extends Error {}

const quote = (value: string): string => {
  const text = JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 60)}… (${value.length} characters)`
}
const wrong = (expected: string, got: string): Wrong => new Wrong(`expected ${expected}, got ${got}`)

/** What may hold a password is shown without it. */
const quoteUrl = (value: string): string => quote(value.replace(/\/\/[^/]*@/, '//…@'))

const toDatabaseUrl = (value: string): string => {
  const fits = value.startsWith('pglite:')
    ? value.length > 'pglite:'.length
    : /^postgres(ql)?:\/\/./.test(value) && URL.canParse(value)
  if (!fits)
    throw wrong('postgres://user:password@host:5432/database, pglite:<folder> or pglite:memory', quoteUrl(value))
  return value
}

const toRedisUrl = (value: string): string => {
  if (!/^rediss?:\/\/./.test(value) || !URL.canParse(value))
    throw wrong('redis://host:6379 or rediss://…', quoteUrl(value))
  return value
}

const toPublicUrl = (value: string): URL => {
  const form = 'an address such as https://console.example.com, without a path'
  if (!URL.canParse(value)) throw wrong(form, quote(value))
  const url = new URL(value)
  const bare = url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password
  if (!/^https?:$/.test(url.protocol) || !bare) throw wrong(form, quoteUrl(value))
  return url
}

const toHost = (value: string): string => {
  const name = value.replace(/^\[(.*)\]$/, '$1')
  if (!isIP(name) && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(name))
    throw wrong('an address or a host name', quote(value))
  return name
}

const toWhole =
  (min: number, max: number) =>
  (value: string): number => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN
    if (!(number >= min && number <= max)) throw wrong(`a whole number from ${min} to ${max}`, quote(value))
    return number
  }

const toNetworks = (value: string): string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)
    .map((network) => {
      const [address = '', bits, ...rest] = network.split('/')
      const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
      const fits =
        most > 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
      if (!fits) throw wrong('addresses or networks such as 10.0.0.0/8, separated by commas', quote(network))
      return network
    })

const toEmail = (value: string): string => {
  if (!/^[^\s@]{1,64}@[^\s@]{1,190}$/.test(value)) throw wrong('an e-mail address', quote(value))
  return value.toLowerCase()
}

const toSecret =
  (min: number, max: number) =>
  (value: string): string => {
    if (value.length < min || value.length > max)
      throw wrong(`${min} to ${max} characters`, `${value.length} characters`)
    return value
  }

/** As a header carries it: a space or an umlaut in it would make a secret that opens nothing. */
const toToken =
  (min: number, max: number) =>
  (value: string): string => {
    if (!/^[\x21-\x7e]*$/.test(value)) throw wrong('letters, digits and signs without spaces', 'others')
    return toSecret(min, max)(value)
  }

const toLogLevel = (value: string): LogLevel => {
  const level = LOG_LEVELS.find((known) => known === value.toLowerCase())
  if (!level) throw wrong(`one of ${LOG_LEVELS.join(', ')}`, quote(value))
  return level
}

/** An empty value counts as none, as compose files leave it. Throws `WrongEnv` for all that is wrong at once. */
export const readEnv = (variables: Readonly<Record<string, string | undefined>>, workingDir: string): Env => {
  const lines: string[] = []
  const set: string[] = []
  const read = <T, U>(name: string, otherwise: U, parse: (value: string) => T): T | U => {
    const value = variables[name]?.trim()
    if (!value) return otherwise
    set.push(name)
    try {
      return parse(value)
    } catch (error) {
      if (!(error instanceof Wrong)) throw error
      lines.push(`${name}: ${error.message}`)
      return otherwise
    }
  }

  const dataDir = read('SINDRI_DATA_DIR', path.resolve(workingDir, '.data'), (value) => path.resolve(workingDir, value))
  const env: Env = {
    databaseUrl: read('DATABASE_URL', `pglite:${path.join(dataDir, 'database')}`, toDatabaseUrl),
    redisUrl: read('REDIS_URL', undefined, toRedisUrl),
    host: read('HOST', '127.0.0.1', toHost),
    port: read('PORT', 3000, toWhole(0, 65_535)),
    publicUrl: read('SINDRI_PUBLIC_URL', null, toPublicUrl),
    trustedProxies: read('SINDRI_TRUSTED_PROXIES', [], toNetworks),
    dataDir,
    enrolSecret: read('SINDRI_CONSOLE_API_KEY', undefined, toToken(16, 512)),
    adminEmail: read('SINDRI_ADMIN_EMAIL', undefined, toEmail),
    adminPassword: read('SINDRI_ADMIN_PASSWORD', undefined, toSecret(...LIMITS.passwordChars)),
    enrolRate: read('SINDRI_ENROL_RATE', 600, toWhole(1, 1_000_000)),
    metricsRetentionDays: read('SINDRI_METRICS_RETENTION_DAYS', 30, toWhole(1, 3_650)),
    logLevel: read('SINDRI_LOG_LEVEL', 'info', toLogLevel),
    set,
  }
  if (lines.length > 0) throw new WrongEnv(lines)
  return env
}
