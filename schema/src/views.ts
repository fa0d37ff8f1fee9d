// Views: lists of instances that a user keeps under a name.
import { builder } from './builder.ts'
import type { Viewer } from './context.ts'
import {
  type InstanceFilter,
  InstanceFilterInput,
  type InstancesArgs,
  InstanceSortEnum,
  type InstanceSortField,
  InstanceSortInput,
  StatusEnum,
  TagRef,
} from './instances.ts'

export interface View {
  id: string
  name: string
  search: string
  filter: InstanceFilter
  sort: { field: InstanceSortField; descending: boolean }
}

export interface ViewInput extends Pick<InstancesArgs, 'search' | 'filter' | 'sort'> {
  id?: string | null | undefined
  name: string
}

export interface Views {
  list(viewer: Viewer): Promise<View[]>
  /** Without an id a new one, behind the others. */
  save(viewer: Viewer, input: ViewInput): Promise<View>
  remove(viewer: Viewer, id: string): Promise<boolean>
  order(viewer: Viewer, ids: string[]): Promise<View[]>
}

const ViewRef = builder.objectRef<View>('View').implement({
  description: 'A list of instances that a user keeps under a name.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '"viw_…"' }),
    name: t.exposeString('name', { description: 'How its user calls it.' }),
    search: t.exposeString('search', { description: 'Its search; may be empty.' }),
    status: t.field({
      type: [StatusEnum],
      description: 'Any of these; empty for all.',
      resolve: ({ filter }) => filter.status ?? [],
    }),
    provider: t.stringList({
      description: 'Any of these; empty for all.',
      resolve: ({ filter }) => filter.provider ?? [],
    }),
    region: t.stringList({ description: 'Any of these; empty for all.', resolve: ({ filter }) => filter.region ?? [] }),
    tags: t.field({
      type: [TagRef],
      description: 'All of these; an empty value stands for any.',
      resolve: ({ filter }) => filter.tags ?? [],
    }),
    sort: t.field({ type: InstanceSortEnum, description: 'What it is sorted by.', resolve: ({ sort }) => sort.field }),
    descending: t.boolean({ description: 'Largest first.', resolve: ({ sort }) => sort.descending }),
    count: t.int({
      description: 'How many instances it holds now.',
      resolve: ({ filter, search }, _, { viewer, instances }) => instances.count(viewer, { filter, search }),
    }),
  }),
})

const ViewInputRef = builder.inputType('ViewInput', {
  description: 'A view to keep.',
  fields: (t) => ({
    id: t.id({ description: 'The view to change; absent for a new one.' }),
    name: t.string({ required: true, description: '1 to 40 characters, no other view of the same name.' }),
    search: t.string({ description: 'As of the list.' }),
    filter: t.field({ type: InstanceFilterInput, description: 'As of the list.' }),
    sort: t.field({ type: InstanceSortInput, description: 'As of the list; by name unless given.' }),
  }),
})

builder.queryField('views', (t) =>
  t.field({
    type: [ViewRef],
    can: 'view.read',
    description: "The caller's own views, in their order. Empty for keys.",
    resolve: (_, __, { viewer, views }) => views.list(viewer),
  }),
)

builder.mutationFields((t) => ({
  saveView: t.field({
    type: ViewRef,
    can: 'view.change',
    audit: 'entry',
    description: 'Keeps a list of instances under a name, or changes one that is kept (at most 30).',
    args: { input: t.arg({ type: ViewInputRef, required: true, description: 'The view.' }) },
    resolve: (_, { input }, { viewer, views }) => views.save(viewer, input),
  }),
  deleteView: t.boolean({
    can: 'view.change',
    audit: 'entry',
    description: 'Forgets a view.',
    args: { id: t.arg.id({ required: true, description: 'The view.' }) },
    resolve: (_, { id }, { viewer, views }) => views.remove(viewer, id),
  }),
  orderViews: t.field({
    type: [ViewRef],
    can: 'view.change',
    audit: 'entry',
    description: "Puts the caller's views in an order.",
    args: { ids: t.arg.idList({ required: true, description: 'All of them, each once.' }) },
    resolve: (_, { ids }, { viewer, views }) => views.order(viewer, ids),
  }),
}))
