// Cursor connections: one shape for every list that can grow.
import type { ObjectRef } from '@pothos/core'
import { builder } from './builder.ts'

export interface PageArgs {
  /** How many at most; the service refuses what is beyond `LIMITS.pageMax`. */
  first?: number | null | undefined
  /** Cursor of the last edge already seen; opaque. */
  after?: string | null | undefined
}

export interface Edge<T> {
  cursor: string
  node: T
}

export interface Page<T> {
  edges: Edge<T>[]
  hasNextPage: boolean
  /** Of all that match the filter, not of this page; null where counting would cost more than the page. */
  totalCount: number | null
}

const PageInfo = builder.objectRef<Page<unknown>>('PageInfo').implement({
  description: 'Where a page ends.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether more follow.' }),
    endCursor: t.string({
      nullable: true,
      description: 'Give this as `after` to get the next page; null when the page is empty.',
      resolve: (page) => page.edges.at(-1)?.cursor ?? null,
    }),
  }),
})

/** The connection type of a node, with its edge type. */
export const connectionOf = <T extends object>(name: string, node: ObjectRef<typeof builder.$inferSchemaTypes, T>) => {
  const edge = builder.objectRef<Edge<T>>(`${name}Edge`).implement({
    description: `One ${name} in a list.`,
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'Position of this edge; opaque.' }),
      node: t.field({ type: node, description: 'The thing itself.', resolve: (edge) => edge.node as never }),
    }),
  })
  return builder.objectRef<Page<T>>(`${name}Connection`).implement({
    description: `A page of ${name}s.`,
    fields: (t) => ({
      edges: t.field({ type: [edge], description: 'The page, in order.', resolve: (page) => page.edges }),
      pageInfo: t.field({ type: PageInfo, description: 'Where the page ends.', resolve: (page) => page }),
      totalCount: t.int({
        nullable: true,
        description: 'How many match the filter in all; null where it is not counted.',
        resolve: (page) => page.totalCount,
      }),
    }),
  })
}

export const FIRST = 'How many at most (1–200, default 50).'
export const AFTER = 'Cursor after which the page begins.'
