// Environment variables that somebody gives to a shell or a command, before they go anywhere.
import type { Variable } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { textOf } from './records.ts'

/** Of each value at most so many characters; what they make in all is for the caller to bound. */
export const variablesOf = (
  field: string,
  variables: readonly Variable[] | null | undefined,
  valueChars: number,
): Variable[] => {
  const given = variables ?? []
  if (given.length > LIMITS.variables) throw badInput(field, `at most ${LIMITS.variables} variables`, given.length)
  return given.map(({ name, value }, index) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name))
      throw badInput(`${field}.${index}.name`, 'letters, digits and _, no digit first', name)
    return { name, value: textOf(`${field}.${index}.value`, value, valueChars) }
  })
}
