// The keys of the whole page: the palette, the help, and G with a letter for a place. A focused terminal gets all keys.
import { type Ref, onMounted, onUnmounted } from 'vue'
import { useRouter } from 'vue-router'
import { systemClock, type Undo } from '../../platform/clock.ts'
import { isInTerminal, isTyping } from '../../ui/typing.ts'
import { usePlaces } from './places.ts'

/** After G, a letter within this time goes somewhere. */
const goMs = 1_500

export const useShortcuts = (palette: Ref<boolean>, help: Ref<boolean>): void => {
  const router = useRouter()
  const places = usePlaces()
  let going: Undo | undefined

  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || isInTerminal(event.target)) return
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      event.preventDefault()
      palette.value = !palette.value
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (event.key === '?') {
      event.preventDefault()
      help.value = true
      return
    }
    if (going) {
      going()
      going = undefined
      const place = places.value.find(({ letter }) => letter === event.key)
      if (!place) return
      event.preventDefault()
      void router.push(place.to)
      return
    }
    if (event.key === 'g') going = systemClock.after(goMs, () => (going = undefined))
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onUnmounted(() => {
    going?.()
    window.removeEventListener('keydown', onKey)
  })
}
