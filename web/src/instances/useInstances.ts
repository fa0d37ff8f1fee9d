// The page of instances that the address asks for, live.
import { type ComputedRef, shallowRef, watch } from 'vue'
import { InstancesChangedDocument, InstancesDocument, RowsSampledDocument } from '../graph/gql/graphql.ts'
import { useGraph } from '../graph/graph.ts'
import { useLive } from '../graph/useLive.ts'
import { type Undo, systemClock } from '../platform/clock.ts'
import { type ListQuery, toVariables } from './listQuery.ts'
import { type RowMessage, type Rows, foldRows, toRows } from './rows.ts'

export const useInstances = (list: ComputedRef<ListQuery>) => {
  const { query, subscribe } = useGraph()
  const ids = shallowRef<string[]>([])

  const live = useLive<Rows, RowMessage>(list, () => {
    const variables = toVariables(list.value)
    return {
      subscribe: ({ next, fault }) => {
        const changes = subscribe(
          InstancesChangedDocument,
          {},
          {
            next: ({ instanceChanged }) => next({ kind: 'changed', change: instanceChanged }),
            fault,
          },
        )
        // Which rows there are is known only after the read; the samples follow them.
        let samples: Undo | undefined
        const stop = watch(
          ids,
          (wanted) => {
            samples?.()
            samples =
              wanted.length === 0
                ? undefined
                : subscribe(
                    RowsSampledDocument,
                    { ids: wanted },
                    {
                      next: ({ metricSampled }) => next({ kind: 'sampled', live: metricSampled }),
                      fault,
                    },
                  )
          },
          { immediate: true },
        )
        return () => {
          changes()
          samples?.()
          stop()
        }
      },
      read: async () => {
        const readAt = systemClock.now()
        return toRows(await query(InstancesDocument, variables), readAt)
      },
      fold: foldRows,
    }
  })

  watch(live.state, (rows) => {
    const now = rows?.rows.map((row) => row.instance.id) ?? []
    if (now.join() !== ids.value.join()) ids.value = now
  })
  return live
}
