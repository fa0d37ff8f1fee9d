// Keys of a selection: X takes the focused row in or out, Shift-X all from the last one to it, Escape lets go of everything.
import { onMounted, onUnmounted } from 'vue'
import { isTyping } from '../ui/typing.ts'

export const useSelectKeys = (keys: { select(id: string, range: boolean): void; clear(): boolean }): void => {
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (document.querySelector('.v-overlay--active .v-overlay__content')) return
    const isTick = event.target instanceof HTMLInputElement && event.target.type === 'checkbox'
    if (isTyping(event.target) && !isTick) return
    if (event.key === 'Escape') {
      if (keys.clear()) event.preventDefault()
    } else if (event.key.toLowerCase() === 'x') {
      const row = (event.target as HTMLElement).closest('[data-row]') ?? rowOf(event.target as HTMLElement)
      const id = row?.getAttribute('data-id')
      if (id) keys.select(id, event.shiftKey)
    }
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onUnmounted(() => window.removeEventListener('keydown', onKey))
}

const rowOf = (element: HTMLElement): Element | null | undefined =>
  element.closest('tr, li')?.querySelector('[data-row]')
