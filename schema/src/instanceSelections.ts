// Selections: many instances chosen by their ids or by what matches, and what can be done to them at once.
import { builder } from './builder.ts'
import { type InstanceFilter, InstanceFilterInput, type Tag, TagInput, TagRef } from './instances.ts'

export interface InstanceSelection {
  ids?: string[] | null | undefined
  filter?: InstanceFilter | null | undefined
  search?: string | null | undefined
  count?: number | null | undefined
}

/** What an act on a selection will meet. */
export interface SelectionFacts {
  count: number
  linked: number
  terminals: number
}

export interface TagEdit {
  set?: Tag[] | null | undefined
  remove?: string[] | null | undefined
}

export interface TagChange {
  id: string
  name: string
  before: Tag[]
  after: Tag[]
}

export interface RemovedInstance {
  id: string
  name: string
}

const SelectionInput = builder.inputType('InstanceSelection', {
  description:
    'Instances by their ids, or all that match a filter and a search: then the count that is meant must be given. At most 1000.',
  fields: (t) => ({
    ids: t.idList({ description: 'These. NOT_FOUND when one of them is gone.' }),
    filter: t.field({ type: InstanceFilterInput, description: 'As of the list.' }),
    search: t.string({ description: 'As of the list.' }),
    count: t.int({ description: 'How many match as far as the caller knows. CONFLICT when it is another number.' }),
  }),
})

const FactsRef = builder.objectRef<SelectionFacts>('SelectedInstances').implement({
  description: 'What an act on a selection will meet.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'Instances.' }),
    linked: t.exposeInt('linked', { description: 'Of these, those whose agent is connected.' }),
    terminals: t.exposeInt('terminals', { description: 'Terminals that are open on them.' }),
  }),
})

const TagChangeRef = builder.objectRef<TagChange>('InstanceTagChange').implement({
  description: 'Labels of an instance that changed.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The instance.' }),
    name: t.exposeString('name', { description: 'Its name.' }),
    before: t.expose('before', { type: [TagRef], description: 'As they were.' }),
    after: t.expose('after', { type: [TagRef], description: 'As they are now.' }),
  }),
})

const RemovedRef = builder.objectRef<RemovedInstance>('RemovedInstance').implement({
  description: 'An instance that was removed.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its id.' }),
    name: t.exposeString('name', { description: 'Its name, which is free now.' }),
  }),
})

builder.queryField('selectedInstances', (t) =>
  t.field({
    type: FactsRef,
    can: 'instance.read',
    description: 'What an act on these instances will meet, for a question before it.',
    args: { selection: t.arg({ type: SelectionInput, required: true, description: 'The instances.' }) },
    resolve: (_, { selection }, { viewer, instances }) => instances.selected(viewer, selection),
  }),
)

builder.mutationFields((t) => ({
  editInstanceTags: t.field({
    type: [TagChangeRef],
    can: 'instance.tag',
    audit: 'entry',
    description:
      'Sets and removes labels of many instances in one transaction; their other labels stay. Answers what changed; each has its audit entry.',
    args: {
      selection: t.arg({ type: SelectionInput, required: true, description: 'The instances.' }),
      set: t.arg({ type: [TagInput], description: 'Labels they shall have, in place of those of the same key.' }),
      remove: t.arg.stringList({ description: 'Keys of labels they shall not have.' }),
    },
    resolve: (_, { selection, set, remove }, { viewer, instances }) =>
      instances.editTags(viewer, selection, { set, remove }),
  }),
  removeInstances: t.field({
    type: [RemovedRef],
    can: 'instance.remove',
    audit: 'entry',
    description:
      'Forgets many instances in one transaction: their links, terminals and tokens end at once. The machines go on.',
    args: { selection: t.arg({ type: SelectionInput, required: true, description: 'The instances.' }) },
    resolve: (_, { selection }, { viewer, instances }) => instances.removeMany(viewer, selection),
  }),
}))
