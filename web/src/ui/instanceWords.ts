// How statuses and providers are called and drawn.
import type { Status } from '@sindri/schema/contract/status'
import { t } from '../words/words.ts'
import type { GlyphName } from './glyphs.ts'

export const STATUS_GLYPH: Record<Status, GlyphName> = {
  RUNNING: 'running',
  STALE: 'stale',
  OFFLINE: 'offline',
  DEPLOYING: 'deploying',
  SUSPENDED: 'suspended',
  STOPPED: 'stopped',
  ERROR: 'error',
  DESTROYING: 'destroying',
  DESTROYED: 'destroyed',
  UNKNOWN: 'unknown',
}
export const statusWord = (status: Status): string => t(`ui.status.${status}`)

const PROVIDERS: Record<string, string> = {
  fly: 'Fly.io',
  docker: 'Docker',
  k8s: 'Kubernetes',
  kubernetes: 'Kubernetes',
  e2b: 'E2B',
  devpod: 'DevPod',
  runpod: 'RunPod',
  northflank: 'Northflank',
}

/** A provider this page does not know keeps the name it was given. */
export const providerWord = (provider: string | null | undefined): string | null => {
  const known = provider?.toLowerCase() ?? ''
  return known === 'local' ? t('ui.local') : (PROVIDERS[known] ?? (provider || null))
}

const SYSTEMS: Record<string, string> = {
  linux: 'Linux',
  darwin: 'macOS',
  debian: 'Debian',
  ubuntu: 'Ubuntu',
  alpine: 'Alpine',
  fedora: 'Fedora',
  arch: 'Arch Linux',
  rhel: 'RHEL',
  macos: 'macOS',
}
const ARCHES: Record<string, string> = { x64: 'x86-64', arm64: 'ARM 64' }

/** "Debian, x86-64"; null where nothing was reported. */
export const systemWord = (of: { os?: string | null; distro?: string | null; arch?: string | null }): string | null => {
  const system = of.distro ?? of.os
  const parts = [system && (SYSTEMS[system] ?? system), of.arch && (ARCHES[of.arch] ?? of.arch)].filter(Boolean)
  return parts.length > 0 ? parts.join(', ') : null
}
