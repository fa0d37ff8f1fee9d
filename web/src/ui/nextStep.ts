// What one does next about a fault, in the words of the page; the console's own sentence stays as the detail.
import { ACTIONS, type Action, weakestRole } from '@sindri/schema/contract/roles'
import type { ShownFault } from '../graph/faults.ts'
import { en } from '../words/en/en.ts'
import { t } from '../words/words.ts'
import { format } from './format.ts'

const isAction = (value: unknown): value is Action => typeof value === 'string' && Object.hasOwn(ACTIONS, value)
const isPlain = (code: string): code is keyof typeof en.ui.next.plain => Object.hasOwn(en.ui.next.plain, code)

/** undefined where the console's sentence says it all, as that about a field does. */
export const nextStep = ({ code, details }: ShownFault): string | undefined => {
  const { field, action, retryAfterMs } = details
  if (field !== undefined) return undefined
  if (code === 'FORBIDDEN') {
    const role = isAction(action) ? weakestRole(action) : undefined
    return role && t('ui.next.forbidden', { role: t(`session.role.${role}`).toLowerCase() })
  }
  // Nobody waits for 60 ms.
  if (code === 'RATE_LIMITED')
    return t('ui.next.rateLimited', { time: format.duration(Math.ceil((retryAfterMs ?? 1) / 1000) * 1000) })
  return isPlain(code) ? t(`ui.next.plain.${code}`) : undefined
}

/** For places of one line. */
export const faultWords = (fault: ShownFault): string => [nextStep(fault), fault.message].filter(Boolean).join(' ')
