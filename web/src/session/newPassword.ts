// What a new password must be, checked as it is typed; the console checks again.
import { LIMITS } from '@sindri/schema/contract/limits'

const [least, most] = LIMITS.passwordChars

/** What is wrong with it, in words; undefined when nothing is. */
export const newPasswordFault = (next: string, current: string): string | undefined => {
  if (next.length < least || next.length > most) return `Between ${least} and ${most} characters, got ${next.length}.`
  return next === current ? 'Must differ from the present one.' : undefined
}

export const PASSWORD_HELP = `At least ${least} characters.`
