// What every resolver is given: who asks, and the ports that keep the promises of this schema.
import type { Role } from './contract/roles.ts'
import type { Accounts } from './accounts.ts'
import type { Agents } from './agents.ts'
import type { Audit } from './audit.ts'
import type { CommandReports } from './commandReports.ts'
import type { Commands } from './commands.ts'
import type { Events } from './events.ts'
import type { Fleet } from './fleet.ts'
import type { Instances } from './instances.ts'
import type { Keys } from './keys.ts'
import type { Metrics } from './metrics.ts'
import type { System } from './system.ts'
import type { Terminals } from './terminals.ts'
import type { Users } from './users.ts'
import type { Views } from './views.ts'

/** Where a request came from; kept with every audit entry. */
export interface Origin {
  ip: string
  userAgent: string | null
  requestId: string
}

export interface UserViewer extends Origin {
  kind: 'user'
  id: string
  name: string
  role: Role
  mustChangePassword: boolean
  sessionId: string
}

/** A program. `role` is already the lower of the key's and its creator's present role. */
export interface KeyViewer extends Origin {
  kind: 'key'
  id: string
  name: string
  role: Role
  ownerId: string
}

export interface AgentViewer extends Origin {
  kind: 'agent'
  role: 'AGENT'
  /** "ins_…" */
  id: string
  name: string
  /** Narrow key of the instance in telemetry tables. */
  num: number
  /** UUID form of the run's ULID. */
  run: string
  epoch: bigint
  /** Identity of the socket, for closing exactly this one. */
  linkId: string
}

/** Holder of the bootstrap secret: may enrol and nothing else. */
export interface EnrollerViewer extends Origin {
  kind: 'enroller'
  role: 'ENROLLER'
}

export interface AnonymousViewer extends Origin {
  kind: 'anonymous'
  role: 'ANONYMOUS'
}

export type Viewer = UserViewer | KeyViewer | AgentViewer | EnrollerViewer | AnonymousViewer

/** The session cookie of the answer, where the transport has one. */
export interface Cookies {
  setSession(token: string, maxAgeMs: number): void
  clearSession(): void
}

export interface Ports {
  accounts: Accounts
  users: Users
  keys: Keys
  audit: Audit
  instances: Instances
  agents: Agents
  metrics: Metrics
  events: Events
  fleet: Fleet
  terminals: Terminals
  commands: Commands
  commandReports: CommandReports
  views: Views
  system: System
}

export interface Context extends Ports {
  viewer: Viewer
  /** null on a WebSocket. */
  cookies: Cookies | null
}
