// The live idiom for a component: starts with its inputs, reads again when the link is back, ends with the component.
import { type ComputedRef, type ShallowRef, type WatchSource, computed, onScopeDispose, shallowRef, watch } from 'vue'
import { systemClock } from '../platform/clock.ts'
import type { ShownFault } from './faults.ts'
import { useGraph } from './graph.ts'
import { type Live, type LiveSource, type LiveView, startLive } from './live.ts'

export interface UsedLive<State> {
  state: Readonly<ShallowRef<State | undefined>>
  fault: ComputedRef<ShownFault | undefined>
  reading: Readonly<ShallowRef<boolean>>
  reread(): void
}

/**
 * `source` is called anew whenever `inputs` change; old content stays on screen until the new one is there,
 * unless `source` answers undefined: then there is nothing to show.
 */
export const useLive = <State, Message>(
  inputs: WatchSource<unknown> | WatchSource<unknown>[],
  source: () => LiveSource<State, Message> | undefined,
): UsedLive<State> => {
  const { link } = useGraph()
  const state = shallowRef<State>()
  const met = shallowRef<ShownFault>()
  const reading = shallowRef(false)
  let live: Live | undefined

  const lost = () => link.value.state === 'lost' || link.value.state === 'refused'
  // A lost link is told once, by the shell; what is shown still holds, and every list saying so would help nobody.
  const fault = computed(() =>
    met.value?.code === 'UNREACHABLE' && state.value !== undefined && lost() ? undefined : met.value,
  )

  watch(
    inputs,
    () => {
      live?.stop()
      const from = source()
      if (!from) {
        state.value = undefined
        live = undefined
        return
      }
      const read = async (shown: State | undefined) => (shown !== undefined && lost() ? shown : from.read(shown))
      live = startLive({ ...from, read }, systemClock, (view: LiveView<State>) => {
        if (view.state !== undefined) state.value = view.state
        met.value = view.fault
        reading.value = view.reading
      })
    },
    { immediate: true },
  )
  watch(
    () => link.value.epoch,
    // The first connection too: what happened between an early read and the opening of the subscription was heard by nobody.
    () => void live?.reread(),
  )
  onScopeDispose(() => live?.stop())

  return { state, fault, reading, reread: () => void live?.reread() }
}
