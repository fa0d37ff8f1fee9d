// What this machine says of itself when it enrols and when something has changed: each fact from its named source, or null.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AgentEnv, Surroundings } from '../env.ts'
import type { Log } from '../platform/log.ts'
import type { ConfigHash } from './configHash.ts'
import { createExtensions, type BomTool } from './extensions.ts'
import { parseDistro } from './osRelease.ts'
import type { ExtensionState } from './statusLedger.ts'

export interface Facts {
  provider: string | null
  region: string | null
  tags: { key: string; value: string }[]
  hostname: string | null
  os: string | null
  arch: string | null
  distro: string | null
  agentVersion: string
  extensions: ExtensionState[] | null
  yamlHash: string | null
  bom: BomTool[] | null
  sshEndpoint: string | null
  geo: { latitude: number; longitude: number; label: string | null } | null
}

export interface FactOptions {
  env: Pick<AgentEnv, 'provider' | 'region' | 'tags' | 'sshEndpoint' | 'geo'>
  surroundings: Surroundings
  version: string
  log: Log
  configHash: ConfigHash
  osReleasePath?: string
}

export function createFacts(options: FactOptions): () => Promise<Facts> {
  const { env, surroundings, version, log, configHash, osReleasePath = '/etc/os-release' } = options
  // Once: a machine gets another distribution with a restart.
  const distro = readFile(osReleasePath, 'utf8').then(parseDistro, () => null)
  const readExtensions = createExtensions({ sindriDir: join(surroundings.homeDir, '.sindri'), log })
  return async () => {
    const { extensions, bom } = await readExtensions()
    return {
      provider: env.provider,
      region: env.region,
      tags: Object.entries(env.tags).map(([key, value]) => ({ key, value })),
      hostname: surroundings.hostname || null,
      os: process.platform,
      arch: process.arch,
      distro: await distro,
      agentVersion: version,
      extensions,
      yamlHash: await configHash(),
      bom,
      sshEndpoint: env.sshEndpoint,
      geo: env.geo,
    }
  }
}
