// Labels, as machines bring them and people set them: bounded, with plain keys, each key once.
import type { Tag } from '@sindri/schema'
import { badInput } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { listOf, objectOf, textOf } from './records.ts'

const keyChars = 63

/** As the graph shows them. */
export const tagsOf = (labels: Record<string, string>): Tag[] =>
  Object.entries(labels)
    .map(([key, value]) => ({ key, value }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))

/** By key, in the order of the keys. */
export const labelsOf = (path: string, labels: unknown): Record<string, string> => {
  const read = listOf(path, labels, LIMITS.tags, (at, value) => {
    const label = objectOf(at, value)
    const key = textOf(`${at}.key`, label.key, keyChars)
    if (!/^[\w./-]+$/.test(key)) throw badInput(`${at}.key`, 'letters, digits and . _ - /', key)
    return [key, textOf(`${at}.value`, label.value, LIMITS.nameChars).trim()] as const
  })
  const pairs = (read ?? []).sort(([a], [b]) => (a < b ? -1 : 1))
  const twice = pairs.find(([key], i) => key === pairs[i + 1]?.[0])
  if (twice) throw badInput(path, 'each key once', `${twice[0]} twice`)
  return Object.fromEntries(pairs)
}
