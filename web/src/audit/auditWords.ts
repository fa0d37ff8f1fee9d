// How acts, actors, targets and outcomes of the audit log are called.
import { ACTIONS } from '@sindri/schema/contract/roles'
import type { AuditLineFragment, AuditOutcome } from '../graph/gql/graphql.ts'
import type { GlyphName } from '../ui/glyphs.ts'
import { t, type WordKey } from '../words/words.ts'

const ACTS: Record<string, WordKey> = {
  signIn: 'audit.act.signIn',
  signOut: 'audit.act.signOut',
  changePassword: 'audit.act.changePassword',
  revokeSession: 'audit.act.revokeSession',
  revokeOtherSessions: 'audit.act.revokeOtherSessions',
  revokeUserSession: 'audit.act.revokeUserSession',
  createUser: 'audit.act.createUser',
  updateUser: 'audit.act.updateUser',
  resetPassword: 'audit.act.resetPassword',
  createApiKey: 'audit.act.createApiKey',
  revokeApiKey: 'audit.act.revokeApiKey',
  setInstanceTags: 'audit.act.setInstanceTags',
  editInstanceTags: 'audit.act.setInstanceTags',
  removeInstance: 'audit.act.removeInstance',
  removeInstances: 'audit.act.removeInstance',
  registerInstance: 'audit.act.registerInstance',
  answerTakeover: 'audit.act.answerTakeover',
  revealEnrolmentSecret: 'audit.act.revealEnrolmentSecret',
  openTerminal: 'audit.act.openTerminal',
  endTerminal: 'audit.act.endTerminal',
  runCommand: 'audit.act.runCommand',
  cancelCommand: 'audit.act.cancelCommand',
  saveView: 'audit.act.saveView',
  deleteView: 'audit.act.deleteView',
  orderViews: 'audit.act.orderViews',
  // Of the terminal itself, whoever asked for it.
  'terminal.open': 'audit.act.openTerminal',
  'terminal.end': 'audit.act.askEndTerminal',
  'terminal.close': 'audit.act.endTerminal',
}

/** "user.manage.updateUser" → "User changed"; an act this page does not know keeps its own name. */
export const actWord = (action: string): string => {
  const known = ACTS[action] ?? ACTS[action.slice(action.lastIndexOf('.') + 1)]
  return known ? t(known) : action
}

/** What can be filtered by: actions that only read leave no entry, and a terminal may close without anybody's act. */
export const AUDITED_ACTIONS = Object.keys(ACTIONS)
  .filter((action) => !/\.(read|report|obey)$/.test(action))
  .flatMap((action) => (action === 'terminal.end' ? [action, 'terminal.close'] : [action]))

export const OUTCOME_LOOK: Record<AuditOutcome, { glyph: GlyphName | undefined; word: WordKey }> = {
  ALLOWED: { glyph: undefined, word: 'audit.outcome.ALLOWED' },
  DENIED: { glyph: 'denied', word: 'audit.outcome.DENIED' },
  FAILED: { glyph: 'failed', word: 'audit.outcome.FAILED' },
}

const NAMELESS: Record<AuditLineFragment['actorKind'], WordKey> = {
  USER: 'audit.actor.user',
  KEY: 'audit.actor.key',
  AGENT: 'audit.actor.agent',
  ENROLLER: 'audit.actor.enroller',
  ANONYMOUS: 'audit.actor.anonymous',
  SYSTEM: 'audit.actor.system',
}
/** Somebody unknown has the name they tried to sign in as. */
export const actorWord = (entry: Pick<AuditLineFragment, 'actorKind' | 'actorName'>): string =>
  entry.actorName || t(NAMELESS[entry.actorKind])

const KINDS: Record<string, WordKey> = {
  user: 'audit.kind.user',
  key: 'audit.kind.key',
  session: 'audit.kind.session',
  instance: 'audit.kind.instance',
  terminal: 'audit.kind.terminal',
  command: 'audit.kind.command',
  view: 'audit.kind.view',
  takeover: 'audit.kind.takeover',
  enrolment: 'audit.kind.enrolment',
}
export const kindWord = (kind: string): string => (KINDS[kind] ? t(KINDS[kind]) : kind)

/** Called by what they belong to. */
const OF_SOMETHING = new Set(['session', 'terminal', 'command'])

/** What it is called, else what it is; null where the act had no target. */
export const targetWord = (entry: Pick<AuditLineFragment, 'targetKind' | 'targetId' | 'targetName'>): string | null => {
  const { targetKind, targetId, targetName } = entry
  if (targetName) {
    return targetKind !== null && OF_SOMETHING.has(targetKind)
      ? t('audit.targetOf', { kind: kindWord(targetKind), name: targetName })
      : targetName
  }
  return targetId ?? (targetKind ? kindWord(targetKind) : null)
}
