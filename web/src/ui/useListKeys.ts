// Keys of a list: J and K move through its links, "/" goes to its filter and Escape back. None else fires while somebody types.
import { type ShallowRef, onMounted, onUnmounted } from 'vue'
import { isTyping } from './typing.ts'

export const useListKeys = (list: Readonly<ShallowRef<HTMLElement | null>>): void => {
  const onKey = (event: KeyboardEvent) => {
    const root = list.value
    if (!root || event.ctrlKey || event.metaKey || event.altKey) return
    const links = [...root.querySelectorAll<HTMLElement>('[data-row]')]
    if (event.key === 'Escape' && event.target instanceof HTMLInputElement && event.target.closest('[data-filter]')) {
      // Back to the list, or out of the field where the list is empty.
      if (links[0]) links[0].focus()
      else event.target.blur()
      return
    }
    if (isTyping(event.target)) return
    if (event.key === '/') {
      const filter = root.querySelector<HTMLInputElement>('[data-filter] input')
      if (!filter) return
      event.preventDefault()
      filter.select()
      filter.focus()
      return
    }
    if (event.key !== 'j' && event.key !== 'k') return
    if (links.length === 0) return
    const at = links.findIndex((link) => link === document.activeElement)
    const next = at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + (event.key === 'j' ? 1 : -1)))
    event.preventDefault()
    links[next]?.focus()
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onUnmounted(() => window.removeEventListener('keydown', onKey))
}
