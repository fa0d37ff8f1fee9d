// The instances that answer what is typed: asked for when typing pauses, and late answers to earlier questions are dropped.
import { type Ref, onScopeDispose, shallowRef, watch } from 'vue'
import { type FindInstancesQuery, FindInstancesDocument } from '../graph/gql/graphql.ts'
import { type ShownFault, toFault } from '../graph/faults.ts'
import { useGraph } from '../graph/graph.ts'
import { systemClock, type Undo } from '../platform/clock.ts'

export type FoundInstance = FindInstancesQuery['instances']['edges'][number]['node']

export interface Found {
  search: string
  instances: FoundInstance[]
  total: number
}

const shownMost = 6
const pauseMs = 120

export const useFound = (search: Readonly<Ref<string>>) => {
  const { query } = useGraph()
  const found = shallowRef<Found>()
  const fault = shallowRef<ShownFault>()
  let undo: Undo = () => {}
  let asked = 0

  const ask = async (wanted: string) => {
    const mine = ++asked
    try {
      const { instances } = await query(FindInstancesDocument, { search: wanted, first: shownMost })
      if (mine !== asked) return
      found.value = {
        search: wanted,
        instances: instances.edges.map(({ node }) => node),
        total: instances.totalCount ?? instances.edges.length,
      }
      fault.value = undefined
    } catch (error) {
      if (mine === asked) fault.value = toFault(error)
    }
  }

  watch(search, (wanted) => {
    undo()
    fault.value = undefined
    if (wanted !== '') {
      undo = systemClock.after(pauseMs, () => void ask(wanted))
      return
    }
    asked++
    found.value = undefined
  })
  onScopeDispose(() => undo())

  return { found, fault }
}
