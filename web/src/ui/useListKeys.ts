// Keys of a list: J and K move through its links, "/" goes to its filter and Escape back. None else fires while somebody types.
import { type ShallowRef, onMounted, onUnmounted } from 'vue'
import { isTyping } from './typing.ts'

export const useListKeys = (list: Readonly<ShallowRef<HTMLElement | null>>): void => {
  const onKey = (event: KeyboardEvent) => {
    const root = list.value
    if (!root || event.ctrlKey || event.metaKey || event.altKey) return
    const links = [...root.querySelectorAll<HTMLElement>('[data-row]')]
    // A search in a menu is not in the list: Escape closes the menu.
    const filter = event.target instanceof HTMLInputElement && root.contains(event.target) ? event.target : null
    if (event.key === 'Escape' && filter?.closest('[data-filter]')) {
      // Back to the list, or out of the field where the list is empty. The browser would empty a search and, as the focus is gone, tell nobody.
      event.preventDefault()
      if (links[0]) links[0].focus()
      else filter.blur()
      return
    }
    if (isTyping(event.target)) return
    if (event.key === '/') {
      const wanted = root.querySelector<HTMLInputElement>('[data-filter] input')
      if (!wanted) return
      event.preventDefault()
      wanted.select()
      wanted.focus()
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
