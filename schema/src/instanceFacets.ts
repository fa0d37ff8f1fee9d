// Facets: what a list of instances can be filtered by, each value with how many instances have it.
import { builder } from './builder.ts'
import type { Status } from './contract/status.ts'
import { StatusEnum } from './instances.ts'

export interface StatusChoice {
  value: Status
  count: number
}
export interface Choice {
  value: string
  count: number
}
export interface TagChoice extends Choice {
  key: string
}

/** Of each kind the 200 most frequent, the most frequent first. */
export interface InstanceFacets {
  /** Of the whole fleet. */
  count: number
  statuses: StatusChoice[]
  providers: Choice[]
  regions: Choice[]
  tags: TagChoice[]
}

const COUNT = 'How many instances have it.'

const StatusChoiceRef = builder.objectRef<StatusChoice>('InstanceStatusChoice').implement({
  description: 'A status that instances have now.',
  fields: (t) => ({
    value: t.expose('value', { type: StatusEnum, description: 'The status.' }),
    count: t.exposeInt('count', { description: COUNT }),
  }),
})
const ChoiceRef = builder.objectRef<Choice>('InstanceChoice').implement({
  description: 'A value that instances have.',
  fields: (t) => ({
    value: t.exposeString('value', { description: 'The value.' }),
    count: t.exposeInt('count', { description: COUNT }),
  }),
})
const TagChoiceRef = builder.objectRef<TagChoice>('InstanceTagChoice').implement({
  description: 'A label that instances have.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'Its name.' }),
    value: t.exposeString('value', { description: 'Its value; may be empty.' }),
    count: t.exposeInt('count', { description: COUNT }),
  }),
})

const FacetsRef = builder.objectRef<InstanceFacets>('InstanceFacets').implement({
  description: 'What instances can be filtered by: of each kind the 200 most frequent values, the most frequent first.',
  fields: (t) => ({
    count: t.exposeInt('count', { description: 'Instances of the whole fleet.' }),
    statuses: t.expose('statuses', { type: [StatusChoiceRef], description: 'How they are.' }),
    providers: t.expose('providers', { type: [ChoiceRef], description: 'Where they run.' }),
    regions: t.expose('regions', { type: [ChoiceRef], description: 'Regions of all providers.' }),
    tags: t.expose('tags', { type: [TagChoiceRef], description: 'Labels, with their values.' }),
  }),
})

builder.queryField('instanceFacets', (t) =>
  t.field({
    type: FacetsRef,
    can: 'instance.read',
    description: 'What the fleet can be filtered by, with counts.',
    resolve: (_, __, { viewer, instances }) => instances.facets(viewer),
  }),
)
