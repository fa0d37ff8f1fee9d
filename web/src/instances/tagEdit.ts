// Tags as they are typed, and how a change of them is taken back.
import type { EditInstanceTagsMutation } from '../graph/gql/graphql.ts'

export interface Tag {
  key: string
  value: string
}
export interface TagEdit {
  set: Tag[]
  remove: string[]
}
type Changes = EditInstanceTagsMutation['editInstanceTags']

/** As the console wants it: letters, digits and . _ - / in a key of at most 63. */
export const isTagKey = (key: string): boolean => /^[\w./-]{1,63}$/.test(key)
export const TAG_VALUE_CHARS = 128

/** From the tags of one instance to those it shall have. */
export const toEdit = (before: readonly Tag[], after: readonly Tag[]): TagEdit => ({
  set: after.filter(({ key, value }) => !before.some((tag) => tag.key === key && tag.value === value)),
  remove: before.filter(({ key }) => !after.some((tag) => tag.key === key)).map(({ key }) => key),
})

/** What gives each the tags back that it had, with as few acts as there are kinds of instances before the change. */
export const toUndo = (changes: Changes): (TagEdit & { ids: string[] })[] => {
  const undos = new Map<string, TagEdit & { ids: string[] }>()
  for (const { id, before, after } of changes) {
    const edit = toEdit(after, before)
    const key = JSON.stringify(edit)
    const known = undos.get(key)
    if (known) known.ids.push(id)
    else undos.set(key, { ...edit, ids: [id] })
  }
  return [...undos.values()]
}
