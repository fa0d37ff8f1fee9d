// Removing an instance from the console.
import { shallowRef } from 'vue'
import { RemoveInstanceDocument } from '../graph/gql/graphql.ts'
import { type ShownFault, toFault } from '../graph/faults.ts'
import { useGraph } from '../graph/graph.ts'

export const useRemove = () => {
  const { mutate } = useGraph()
  const removing = shallowRef(false)
  const fault = shallowRef<ShownFault>()

  /** Answers whether it is gone; if not, `fault` says why. */
  const remove = async (id: string): Promise<boolean> => {
    removing.value = true
    fault.value = undefined
    try {
      await mutate(RemoveInstanceDocument, { id })
      return true
    } catch (error) {
      fault.value = toFault(error)
      return false
    } finally {
      removing.value = false
    }
  }
  return { removing, fault, remove }
}
