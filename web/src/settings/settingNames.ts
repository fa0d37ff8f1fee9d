// The settings by what they are about, and how each is called.
import { t, type WordKey } from '../words/words.ts'

const NAMES: Record<string, WordKey> = {
  SINDRI_PUBLIC_URL: 'settings.name.SINDRI_PUBLIC_URL',
  HOST: 'settings.name.HOST',
  PORT: 'settings.name.PORT',
  SINDRI_TRUSTED_PROXIES: 'settings.name.SINDRI_TRUSTED_PROXIES',
  DATABASE_URL: 'settings.name.DATABASE_URL',
  REDIS_URL: 'settings.name.REDIS_URL',
  SINDRI_DATA_DIR: 'settings.name.SINDRI_DATA_DIR',
  SINDRI_METRICS_RETENTION_DAYS: 'settings.name.SINDRI_METRICS_RETENTION_DAYS',
  SINDRI_ENROL_RATE: 'settings.name.SINDRI_ENROL_RATE',
  SINDRI_LOG_LEVEL: 'settings.name.SINDRI_LOG_LEVEL',
  SINDRI_CONSOLE_API_KEY: 'settings.name.SINDRI_CONSOLE_API_KEY',
}
/** A setting this page does not know is called by its variable. */
export const settingName = (variable: string): string => (NAMES[variable] ? t(NAMES[variable]) : variable)

const NOTES: Record<string, WordKey> = {
  SINDRI_PUBLIC_URL: 'settings.note.publicUrl',
  REDIS_URL: 'settings.note.redis',
}
/** What it means that nothing is set. */
export const noneNote = (variable: string): string | undefined => (NOTES[variable] ? t(NOTES[variable]) : undefined)

export type SettingGroup = 'reach' | 'storage' | 'retention' | 'enrolment' | 'log'

const GROUPS: Record<string, SettingGroup> = {
  SINDRI_PUBLIC_URL: 'reach',
  HOST: 'reach',
  PORT: 'reach',
  SINDRI_TRUSTED_PROXIES: 'reach',
  DATABASE_URL: 'storage',
  REDIS_URL: 'storage',
  SINDRI_DATA_DIR: 'storage',
  SINDRI_METRICS_RETENTION_DAYS: 'retention',
  SINDRI_ENROL_RATE: 'enrolment',
  SINDRI_CONSOLE_API_KEY: 'enrolment',
}
export const settingGroup = (variable: string): SettingGroup => GROUPS[variable] ?? 'log'
