// What had the focus before a dialog or a pane has it again after it; Vuetify knows whom to give it back to only where a button opens the dialog by itself.
import { nextTick, onScopeDispose, watch } from 'vue'

interface Turn {
  from: HTMLElement | null
  /** Where the first of several dialogs was opened that came one from the other: it is still there when they are gone. */
  home: HTMLElement | null
}
let latest: Turn | undefined

/** What opened a menu outlives its entries. */
const lasting = (from: Element | null): HTMLElement | null => {
  const menu = from?.closest('.v-menu[id]')?.id
  return (menu && document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(menu)}"]`)) || (from as HTMLElement)
}
let last: Element | null = null
window.addEventListener('focusin', ({ target }) => (last = target as Element))
/** A button that is disabled while it acts loses the focus to nobody; its dialog is still where one is. */
const present = (): Element | null =>
  document.activeElement === document.body && last?.isConnected && last.closest('.v-dialog')
    ? last
    : document.activeElement
const begin = (): Turn => {
  const from = lasting(present())
  return (latest = { from, home: from?.closest('.v-dialog') ? (latest?.home ?? null) : from })
}

/** A dialog that is on its way out takes no focus any more. */
const isLeaving = (element: Element): boolean => element.closest('.v-overlay:not(.v-overlay--active)') !== null
const isThere = (element: HTMLElement | null): element is HTMLElement =>
  element?.isConnected === true && element !== document.body && !isLeaving(element)

/** What opened a dialog is often gone a moment later, with what was just removed: until the focus moves on, the next takes it. */
const giveTo = (backs: readonly (HTMLElement | null)[]): void => {
  const back = backs.find(isThere)
  if (!back) return
  back.focus({ preventScroll: true })
  const left = new MutationObserver(() => {
    if (back.isConnected) return
    left.disconnect()
    if (document.activeElement === document.body) giveTo(backs)
  })
  left.observe(document, { childList: true, subtree: true })
  window.addEventListener('focusin', () => left.disconnect(), { once: true })
}

const giveBack = async ({ from, home }: Turn): Promise<void> => {
  await nextTick()
  const now = document.activeElement
  // Whoever took it meanwhile, another screen or a further dialog for one, keeps it.
  if (now && now !== document.body && !isLeaving(now)) return
  giveTo([from, home, document.getElementById('main')])
}

export const useFocusBack = (open: () => boolean): void => {
  let turn: Turn | undefined
  const end = () => {
    if (turn) void giveBack(turn)
    turn = undefined
  }
  // Before the dialog is drawn, since it takes the focus at once.
  watch(open, (now) => (now ? (turn = begin()) : end()), { immediate: true })
  onScopeDispose(end)
}
