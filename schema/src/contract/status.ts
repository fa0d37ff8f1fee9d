// The status shown is a pure function of who deployed it (lifecycle) and whether it speaks (liveness).

export const LIFECYCLES = ['DEPLOYING', 'ACTIVE', 'SUSPENDED', 'STOPPED', 'ERROR', 'DESTROYING', 'DESTROYED'] as const
export type Lifecycle = (typeof LIFECYCLES)[number]

export const LIVENESSES = ['ONLINE', 'STALE', 'OFFLINE', 'NEVER'] as const
export type Liveness = (typeof LIVENESSES)[number]

export const STATUSES = [
  'RUNNING',
  'STALE',
  'OFFLINE',
  'DEPLOYING',
  'SUSPENDED',
  'STOPPED',
  'ERROR',
  'DESTROYING',
  'DESTROYED',
  'UNKNOWN',
] as const
export type Status = (typeof STATUSES)[number]

const OF_ACTIVE = { ONLINE: 'RUNNING', STALE: 'STALE', OFFLINE: 'OFFLINE', NEVER: 'UNKNOWN' } as const

/** Only an ACTIVE instance is described by its agent; every other lifecycle speaks for itself. */
export const statusOf = (lifecycle: Lifecycle, liveness: Liveness): Status =>
  lifecycle === 'ACTIVE' ? OF_ACTIVE[liveness] : lifecycle
