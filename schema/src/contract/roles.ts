// Who may do what: one table of role × action, used by the guard of the schema and by the web to draw buttons.

export const ROLES = ['VIEWER', 'DEVELOPER', 'OPERATOR', 'ADMIN'] as const
export type Role = (typeof ROLES)[number]

/** Principals that are not people or keys with a role. */
export type Principal = 'ANONYMOUS' | 'ENROLLER' | 'AGENT'

const everyone = ['VIEWER', 'DEVELOPER', 'OPERATOR', 'ADMIN'] as const
const developers = ['DEVELOPER', 'OPERATOR', 'ADMIN'] as const
const operators = ['OPERATOR', 'ADMIN'] as const
const admins = ['ADMIN'] as const

export const ACTIONS = {
  'session.open': ['ANONYMOUS', ...everyone],
  'account.read': ['ANONYMOUS', ...everyone],
  'account.change': everyone,
  'instance.read': everyone,
  'metric.read': everyone,
  'event.read': everyone,
  'terminal.read': everyone,
  'terminal.open': developers,
  'terminal.end': developers,
  'command.read': developers,
  'command.run': developers,
  'instance.tag': developers,
  'instance.remove': operators,
  'view.read': everyone,
  'view.change': everyone,
  'takeover.read': operators,
  'takeover.answer': operators,
  'enrolment.read': everyone,
  'enrolment.reveal': operators,
  'key.read': operators,
  'key.manage': operators,
  'settings.read': operators,
  'user.read': admins,
  'user.manage': admins,
  'audit.read': admins,
  'agent.enrol': ['ENROLLER'],
  'agent.report': ['AGENT'],
  'agent.obey': ['AGENT'],
} as const satisfies Record<string, readonly (Role | Principal)[]>

export type Action = keyof typeof ACTIONS

/** Actions open to a user whose one-time password is not changed yet. */
const BEFORE_PASSWORD_CHANGE: readonly Action[] = ['session.open', 'account.read', 'account.change']

/** What `can` needs to know of somebody. */
export interface Subject {
  role: Role | Principal
  /** The one-time password is still in use: only the account itself is reachable. */
  mustChangePassword?: boolean
}

export const can = (subject: Subject, action: Action): boolean =>
  (ACTIONS[action] as readonly string[]).includes(subject.role) &&
  (!subject.mustChangePassword || BEFORE_PASSWORD_CHANGE.includes(action))

/** The lower of two roles: what a key may do is never more than its creator may do now. */
export const lowerRole = (a: Role, b: Role): Role => (ROLES.indexOf(a) <= ROLES.indexOf(b) ? a : b)

/** The weakest role that may do it; undefined where no role may. For sentences such as "needs the developer role". */
export const weakestRole = (action: Action): Role | undefined =>
  ROLES.find((role) => (ACTIONS[action] as readonly string[]).includes(role))
