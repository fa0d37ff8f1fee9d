// Keys of a list: J and K move through its links, "/" goes to its filter. None fires while somebody types.
import { type ShallowRef, onMounted, onUnmounted } from 'vue'

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.closest('input, textarea, select, [contenteditable], .xterm, [role=dialog]') !== null

export const useListKeys = (list: Readonly<ShallowRef<HTMLElement | null>>): void => {
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return
    const root = list.value
    if (!root) return
    if (event.key === '/') {
      const filter = root.querySelector<HTMLInputElement>('[data-filter] input')
      if (!filter) return
      event.preventDefault()
      filter.select()
      filter.focus()
      return
    }
    if (event.key !== 'j' && event.key !== 'k') return
    const links = [...root.querySelectorAll<HTMLElement>('[data-row]')]
    if (links.length === 0) return
    const at = links.findIndex((link) => link === document.activeElement)
    const next = at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + (event.key === 'j' ? 1 : -1)))
    event.preventDefault()
    links[next]?.focus()
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onUnmounted(() => window.removeEventListener('keydown', onKey))
}
