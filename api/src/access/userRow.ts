// Users as the table has them and as the graph shows them; one form for e-mail addresses.
import type { User } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { type Role, ROLES } from '@sindri/schema/contract/roles'
import { lineOf } from '../platform/text.ts'

export interface UserRow {
  id: string
  email: string
  name: string
  role: Role
  must_change_password: boolean
  created_at: Date
  last_sign_in_at: Date | null
  deactivated_at: Date | null
}

/** Named one by one: a row has its password's hash too. */
export const toUser = (row: UserRow): User => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  mustChangePassword: row.must_change_password,
  createdAt: row.created_at,
  lastSignInAt: row.last_sign_in_at,
  deactivatedAt: row.deactivated_at,
})

const emailForm = /^[^\s@\p{C}"<>()[\],;:\\]{1,64}@[\p{L}\p{N}]([\p{L}\p{N}.-]*[\p{L}\p{N}])?$/u
const longestEmail = 254

/** Lower case, as it is stored; null when it is no address. Whether a letter reaches it, only a letter could tell. */
export const normalEmail = (text: string): string | null => {
  const email = text.trim().toLowerCase()
  return email.length <= longestEmail && emailForm.test(email) && !email.includes('..') ? email : null
}

export const demandEmail = (field: string, text: string): string => {
  const email = normalEmail(text)
  if (email === null) throw badInput(field, 'an e-mail address such as "ada@example.com"', text)
  return email
}

export const demandName = (field: string, text: string): string => lineOf(field, text, 1, LIMITS.nameChars)

/** GraphQL lets no other through; the first start and the command line are not GraphQL. */
export const demandRole = (field: string, role: Role): Role => {
  if (!ROLES.includes(role)) throw badInput(field, `one of ${ROLES.join(', ')}`, role)
  return role
}
