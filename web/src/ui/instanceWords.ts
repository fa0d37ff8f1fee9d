// How statuses and providers are called and drawn.
import type { Status } from '@sindri/schema/contract/status'
import type { GlyphName } from './glyphs.ts'

export const STATUS_LOOK: Record<Status, { glyph: GlyphName; word: string }> = {
  RUNNING: { glyph: 'running', word: 'Running' },
  STALE: { glyph: 'stale', word: 'Stale' },
  OFFLINE: { glyph: 'offline', word: 'Offline' },
  DEPLOYING: { glyph: 'deploying', word: 'Deploying' },
  SUSPENDED: { glyph: 'suspended', word: 'Suspended' },
  STOPPED: { glyph: 'stopped', word: 'Stopped' },
  ERROR: { glyph: 'error', word: 'Error' },
  DESTROYING: { glyph: 'destroying', word: 'Destroying' },
  DESTROYED: { glyph: 'destroyed', word: 'Destroyed' },
  UNKNOWN: { glyph: 'unknown', word: 'Unknown' },
}

const PROVIDERS: Record<string, string> = {
  fly: 'Fly.io',
  docker: 'Docker',
  k8s: 'Kubernetes',
  kubernetes: 'Kubernetes',
  e2b: 'E2B',
  devpod: 'DevPod',
  runpod: 'RunPod',
  northflank: 'Northflank',
  local: 'Local',
}

/** A provider this page does not know keeps the name it was given. */
export const providerWord = (provider: string | null | undefined): string | null =>
  provider ? (PROVIDERS[provider.toLowerCase()] ?? provider) : null

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
