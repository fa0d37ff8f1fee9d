// Instances that enrolled while somebody looks, newest first, each as it is now.
import type { InstanceRowFragment } from '../graph/gql/graphql.ts'

export interface Newcomers {
  /** When the newest of those before enrolled, by the console's clock; null: there were none. */
  after: string | null
  instances: InstanceRowFragment[]
}

const isNew = (after: string | null, { createdAt }: InstanceRowFragment) =>
  after === null || Date.parse(createdAt) > Date.parse(after)

/** `newest` is sorted, newest first. The first read decides who was there before. */
export const toNewcomers = (newest: readonly InstanceRowFragment[], shown: Newcomers | undefined): Newcomers => {
  const after = shown ? shown.after : (newest[0]?.createdAt ?? null)
  return { after, instances: shown ? newest.filter((one) => isNew(after, one)) : [] }
}

export const foldNewcomer = (
  { after, instances }: Newcomers,
  { id, instance }: { id: string; instance?: InstanceRowFragment | null },
): Newcomers => {
  if (!instance) return { after, instances: instances.filter((one) => one.id !== id) }
  if (instances.some((one) => one.id === id))
    return { after, instances: instances.map((one) => (one.id === id ? instance : one)) }
  return isNew(after, instance) ? { after, instances: [instance, ...instances] } : { after, instances }
}
