// What a machine says of itself, bounded and in one form; absent members stay absent, empty ones become null.
import type { BomTool, Extension, Facts, Geo } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { listOf, objectOf, textOf } from '../platform/records.ts'

/** By their column; JSON columns hold text already. */
export type FactColumns = Record<string, string | null>

const stateChars = 64
const endpointChars = 256

const nullable = (path: string, value: unknown, maxChars: number): string | null => {
  if (value === null || value === undefined) return null
  const text = textOf(path, value, maxChars).trim()
  return text === '' ? null : text
}

const required = (path: string, value: unknown, maxChars: number): string => {
  const text = nullable(path, value, maxChars)
  if (text === null) throw badInput(path, `1 to ${maxChars} characters`, value)
  return text
}

const toExtension = (path: string, value: unknown): Extension => {
  const { name, version, state } = objectOf(path, value)
  return {
    name: required(`${path}.name`, name, LIMITS.nameChars),
    version: nullable(`${path}.version`, version, LIMITS.nameChars),
    state: required(`${path}.state`, state, stateChars),
  }
}

const toTool = (path: string, value: unknown): BomTool => {
  const { name, version, extension } = objectOf(path, value)
  return {
    name: required(`${path}.name`, name, LIMITS.nameChars),
    version: nullable(`${path}.version`, version, LIMITS.nameChars),
    extension: nullable(`${path}.extension`, extension, LIMITS.nameChars),
  }
}

const degrees = (path: string, value: unknown, most: number): number => {
  if (typeof value === 'number' && Math.abs(value) <= most) return value
  throw badInput(path, `a number from -${most} to ${most}`, value)
}

const toGeo = (path: string, value: unknown): Geo => {
  const { latitude, longitude, label } = objectOf(path, value)
  return {
    latitude: degrees(`${path}.latitude`, latitude, 90),
    longitude: degrees(`${path}.longitude`, longitude, 180),
    label: nullable(`${path}.label`, label, LIMITS.nameChars),
  }
}

const toHash = (path: string, value: unknown): string | null => {
  const hash = nullable(path, value, 64)?.toLowerCase() ?? null
  if (hash !== null && !/^[\da-f]{64}$/.test(hash)) throw badInput(path, 'a SHA-256 of 64 hexadecimal digits', value)
  return hash
}

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))
const name = (path: string, value: unknown) => nullable(path, value, LIMITS.nameChars)

const READERS: Record<
  Exclude<keyof Facts, 'tags'>,
  { column: string; read: (path: string, value: unknown) => string | null }
> = {
  provider: { column: 'provider', read: name },
  region: { column: 'region', read: name },
  hostname: { column: 'hostname', read: (path, value) => nullable(path, value, 255) },
  os: { column: 'os', read: name },
  arch: { column: 'arch', read: name },
  distro: { column: 'distro', read: name },
  agentVersion: { column: 'agent_version', read: name },
  extensions: { column: 'extensions', read: (path, value) => json(listOf(path, value, LIMITS.listItems, toExtension)) },
  yamlHash: { column: 'yaml_hash', read: toHash },
  bom: { column: 'bom', read: (path, value) => json(listOf(path, value, LIMITS.listItems, toTool)) },
  sshEndpoint: { column: 'ssh_endpoint', read: (path, value) => nullable(path, value, endpointChars) },
  geo: { column: 'geo', read: (path, value) => (value === null ? null : json(toGeo(path, value))) },
}

export const checkFacts = (path: string, facts: Partial<Record<keyof Facts, unknown>>): FactColumns => {
  const columns: FactColumns = {}
  for (const [fact, { column, read }] of Object.entries(READERS)) {
    const value = facts[fact as keyof Facts]
    if (value !== undefined) columns[column] = read(`${path}.${fact}`, value)
  }
  return columns
}

/** `set` of an update, its parameters numbered from `first` on. Columns come from the table above and nowhere else. */
export const setFacts = (columns: FactColumns, first: number): { set: string; params: (string | null)[] } => {
  const names = Object.keys(columns)
  return {
    set: names.map((column, i) => `${column} = $${first + i}`).join(', '),
    params: names.map((column) => columns[column] ?? null),
  }
}

const noticesMax = 16
const noticeChars = 256

/** Conditions of the agent to show, as JSON. */
export const checkNotices = (path: string, value: unknown): string =>
  JSON.stringify(
    (listOf(path, value, noticesMax, (at, notice) => textOf(at, notice, noticeChars)) ?? []).filter(
      (notice) => notice !== '',
    ),
  )
