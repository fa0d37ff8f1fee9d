// The settings of the console as people may see them: what is in force, which variable sets it, and no secret.
import type { Setting } from '@sindri/schema'
import type { Env } from '../platform/env.ts'

/** Such as postgres://sindri:…@db/sindri: what may hold a password is shown without it. */
const withoutPassword = (address: string | undefined): string | null => {
  if (address === undefined) return null
  if (!address.includes('://') || !URL.canParse(address)) return address
  const url = new URL(address)
  url.password = ''
  const names = Array.from(url.searchParams.keys())
  for (const name of names) if (/pass|secret|token/i.test(name)) url.searchParams.delete(name)
  return url.href
}

export const settingsOf = (env: Env): Setting[] => {
  const shown: [variable: string, value: string | number | null][] = [
    ['SINDRI_PUBLIC_URL', env.publicUrl?.origin ?? null],
    ['HOST', env.host],
    ['PORT', env.port],
    ['SINDRI_TRUSTED_PROXIES', env.trustedProxies.join(', ') || null],
    ['DATABASE_URL', withoutPassword(env.databaseUrl)],
    ['REDIS_URL', withoutPassword(env.redisUrl)],
    ['SINDRI_DATA_DIR', env.dataDir],
    ['SINDRI_METRICS_RETENTION_DAYS', env.metricsRetentionDays],
    ['SINDRI_ENROL_RATE', env.enrolRate],
    ['SINDRI_LOG_LEVEL', env.logLevel],
    ['SINDRI_CONSOLE_API_KEY', null],
  ]
  return shown.map(([variable, value]) => ({
    variable,
    value: value === null ? null : String(value),
    isSet: env.set.includes(variable),
    isSecret: variable === 'SINDRI_CONSOLE_API_KEY',
  }))
}
