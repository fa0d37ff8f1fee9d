// What a new password must be, checked as it is typed; the console checks again.
import { LIMITS } from '@sindri/schema/contract/limits'
import { t } from '../words/words.ts'

const [least, most] = LIMITS.passwordChars

/** What is wrong with it, in words; undefined when nothing is. */
export const newPasswordFault = (next: string, current: string): string | undefined => {
  if (next.length < least || next.length > most) return t('session.password.length', { least, most, n: next.length })
  return next === current ? t('session.password.same') : undefined
}

export const passwordHelp = (): string => t('session.password.help', { least })
