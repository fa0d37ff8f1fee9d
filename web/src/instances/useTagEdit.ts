// Changes tags of one instance or many, and takes it back as long as somebody may want that.
import { toFault } from '../graph/faults.ts'
import { EditInstanceTagsDocument, type InstanceSelection } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useActivity } from '../ui/activity.ts'
import { format } from '../ui/format.ts'
import { t } from '../words/words.ts'
import { type TagEdit, toUndo } from './tagEdit.ts'

export const useTagEdit = () => {
  const { mutate } = useGraph()
  const activity = useActivity()

  const takeBack = async (undos: ReturnType<typeof toUndo>) => {
    try {
      for (const { ids, set, remove } of undos)
        await mutate(EditInstanceTagsDocument, { selection: { ids }, set, remove })
      activity.done(t('instances.tags.undone'))
    } catch (error) {
      activity.failed(t('instances.tags.undoFailed'), toFault(error))
    }
  }

  /** Throws a ShownFault; then nothing was changed. `name` where it is one. */
  return async (selection: InstanceSelection, edit: TagEdit, name?: string): Promise<void> => {
    const { editInstanceTags: changes } = await mutate(EditInstanceTagsDocument, { selection, ...edit })
    const what =
      name !== undefined && changes.length > 0
        ? t('instances.tags.done', { name })
        : t('instances.tags.doneMany', { count: format.count(changes.length) }, changes.length)
    activity.done(what, changes.length > 0 ? () => void takeBack(toUndo(changes)) : undefined)
  }
}
