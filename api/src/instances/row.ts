// Instances as the table has them and as the graph shows them.
import type { BomTool, Extension, Geo, Instance } from '@sindri/schema'
import { PROTOCOL } from '@sindri/schema/contract/protocol'
import { type Lifecycle, type Liveness, statusOf } from '@sindri/schema/contract/status'
import { tagsOf } from '../platform/labels.ts'

export interface InstanceRow {
  id: string
  num: number
  name: string
  thumbprint: string
  provider: string | null
  region: string | null
  tags: Record<string, string>
  hostname: string | null
  os: string | null
  arch: string | null
  distro: string | null
  agent_version: string | null
  extensions: Extension[] | null
  yaml_hash: string | null
  bom: BomTool[] | null
  ssh_endpoint: string | null
  geo: Geo | null
  lifecycle: Lifecycle
  liveness: Liveness
  liveness_at: Date
  last_seen_at: Date | null
  heartbeat_ms: number
  metrics_ms: number
  linked_at: Date | null
  linked_from: string | null
  agent_started_at: Date | null
  /** Of our major: others are not let in. */
  protocol_minor: number | null
  notices: string[]
  created_at: Date
  deleted_at: Date | null
  revision: number
}

export const toInstance = (row: InstanceRow): Instance => ({
  id: row.id,
  name: row.name,
  status: statusOf(row.lifecycle, row.liveness),
  lifecycle: row.lifecycle,
  liveness: row.liveness,
  livenessAt: row.liveness_at,
  lastSeenAt: row.last_seen_at,
  heartbeatMs: row.heartbeat_ms,
  metricsMs: row.metrics_ms,
  linkedAt: row.linked_at,
  linkedFrom: row.linked_from,
  agentStartedAt: row.agent_started_at,
  protocolVersion: row.protocol_minor === null ? null : `${PROTOCOL.major}.${row.protocol_minor}`,
  notices: row.notices,
  createdAt: row.created_at,
  provider: row.provider,
  region: row.region,
  tags: tagsOf(row.tags),
  hostname: row.hostname,
  os: row.os,
  arch: row.arch,
  distro: row.distro,
  agentVersion: row.agent_version,
  extensions: row.extensions,
  yamlHash: row.yaml_hash,
  bom: row.bom,
  sshEndpoint: row.ssh_endpoint,
  geo: row.geo,
})
