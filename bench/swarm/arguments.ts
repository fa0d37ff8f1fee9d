// What `npm run swarm` was asked for: every argument has a name, a form and a default, and a wrong one is one line.
import { LIMITS } from '@sindri/schema/contract/limits'
import path from 'node:path'
import { parseArgs } from 'node:util'

export interface SwarmOptions {
  agents: number
  prefix: string
  /** Address of the console, without a slash at the end. */
  url: string
  secret: { value: string } | { file: string }
  /** null: the console decides. */
  heartbeatMs: number | null
  metricsMs: number | null
  /** Folder of the identities; null: they end with the process. */
  keep: string | null
  /** File that gets a line for each record made and each answered; null: none. */
  log: string | null
}

/** For whoever typed it; several lines where several are wrong. */
export class WrongArguments extends Error {
  override readonly name = 'WrongArguments'
}

const seconds = ([least, most]: readonly [number, number]): string => `${least / 1000} to ${most / 1000}`

export const help = `Usage: npm run swarm -- [--agents N] [options]

Enrols simulated agents at a running console: the real protocol, machines that do not exist. Ctrl-C ends all of them.

  --agents N            how many, 1 to 20000 (default 100)
  --url URL             address of the console (default http://127.0.0.1:3000, or the port that PORT names)
  --secret-file FILE    file that holds its enrol secret (default: that of the console in this clone)
  --secret SECRET       the enrol secret itself; other users of this machine can see it
  --heartbeat SECONDS   between heartbeats, ${seconds(LIMITS.heartbeatRangeMs)} (default: the console decides, ${LIMITS.heartbeatMs / 1000})
  --metrics SECONDS     between samples, ${seconds(LIMITS.metricsRangeMs)} (default: the console decides, ${LIMITS.metricsMs / 1000})
  --keep FOLDER         keeps their identities: a second start returns as the same instances
  --log FILE            writes each record's identity there when it is made and when it is answered
  --prefix NAME         their names are NAME-0001 and so on (default swarm)

The console takes SINDRI_ENROL_RATE new machines a minute (default 600); the others wait as long as it says.
`

const options = {
  agents: { type: 'string', default: '100' },
  url: { type: 'string' },
  secret: { type: 'string' },
  'secret-file': { type: 'string' },
  heartbeat: { type: 'string' },
  metrics: { type: 'string' },
  keep: { type: 'string' },
  log: { type: 'string' },
  prefix: { type: 'string', default: 'swarm' },
  help: { type: 'boolean' },
} as const

/** null: help was asked for. Relative paths count from `workingDir`. */
export function readArguments(
  argv: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
  workingDir: string,
): SwarmOptions | null {
  const values = parse(argv)
  if (values.help) return null
  const wrong: string[] = []
  const refuse = <T>(name: string, expected: string, got: string, instead: T): T => {
    wrong.push(`--${name}: expected ${expected}, got ${JSON.stringify(got)}`)
    return instead
  }

  const whole = (text: string): number => {
    const count = /^\d{1,6}$/.test(text) ? Number(text) : 0
    return count >= 1 && count <= 20_000 ? count : refuse('agents', 'a whole number from 1 to 20000', text, 1)
  }
  const interval = (name: 'heartbeat' | 'metrics', range: readonly [number, number]): number | null => {
    const text = values[name]
    if (text === undefined) return null
    const ms = /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : -1
    return ms >= range[0] && ms <= range[1] ? ms : refuse(name, `seconds from ${seconds(range)}`, text, null)
  }
  const address = (text: string): string => {
    const url = URL.canParse(text) ? new URL(text) : null
    const bare = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password
    if (!bare) return refuse('url', 'an address such as http://127.0.0.1:3000', text, '')
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  }
  const secret = (): SwarmOptions['secret'] => {
    const { secret: value, 'secret-file': file } = values
    if (value !== undefined && file !== undefined) wrong.push('--secret: expected either it or --secret-file, got both')
    if (value !== undefined) {
      // A header takes nothing else; the value itself is not shown.
      if (!/^[\x21-\x7e]+$/.test(value))
        wrong.push('--secret: expected printable characters without spaces, got others')
      return { value }
    }
    const dataDir = variables['SINDRI_DATA_DIR']?.trim() || '.data'
    return { file: path.resolve(workingDir, file ?? path.join(dataDir, 'enrol-secret')) }
  }
  const prefix = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(values.prefix)
    ? values.prefix
    : refuse('prefix', 'at most 100 letters, digits and . _ -', values.prefix, '')

  const read: SwarmOptions = {
    agents: whole(values.agents),
    prefix,
    url: address(values.url ?? `http://127.0.0.1:${variables['PORT']?.trim() || 3000}`),
    secret: secret(),
    heartbeatMs: interval('heartbeat', LIMITS.heartbeatRangeMs),
    metricsMs: interval('metrics', LIMITS.metricsRangeMs),
    keep: values.keep === undefined ? null : path.resolve(workingDir, values.keep),
    log: values.log === undefined ? null : path.resolve(workingDir, values.log),
  }
  if (wrong.length > 0) throw new WrongArguments(wrong.join('\n'))
  return read
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options }).values
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message} (npm run swarm -- --help)`)
  }
}
