// What was asked for on the command line, or how to ask: judged before any database is opened.
import { demandEmail } from './userRow.ts'

export const USAGE = 'usage: npm run admin -- reset-password [e-mail]'

export interface AdminCommand {
  /** Whose password; without it that of the first active administrator. */
  email: string | undefined
}

/** null for what is no command; throws for an address that is none. */
export const readAdminCommand = (args: readonly string[]): AdminCommand | null => {
  const [command, email, ...rest] = args
  if (command !== 'reset-password' || rest.length > 0 || email?.startsWith('-')) return null
  return { email: email === undefined ? undefined : demandEmail('e-mail', email) }
}
