// What had the focus before a dialog or a pane has it again after it; Vuetify knows whom to give it back to only where a button opens the dialog by itself.
import { nextTick, onScopeDispose, watch } from 'vue'

/** What opened a menu outlives its entries. */
const lasting = (from: Element | null): HTMLElement | null => {
  const menu = from?.closest('.v-menu[id]')?.id
  return (menu && document.querySelector<HTMLElement>(`[aria-controls="${CSS.escape(menu)}"]`)) || (from as HTMLElement)
}

export const useFocusBack = (open: () => boolean): void => {
  let from: HTMLElement | null = null
  const giveBack = async () => {
    const back = from
    from = null
    await nextTick()
    const now = document.activeElement
    // Whoever took it meanwhile, another screen for one, keeps it.
    if (back?.isConnected && (!now || now === document.body || now.closest('.v-overlay')))
      back.focus({ preventScroll: true })
  }
  // Before the dialog is drawn, since it takes the focus at once.
  watch(open, (now) => (now ? (from = lasting(document.activeElement)) : from && void giveBack()), { immediate: true })
  onScopeDispose(() => from && void giveBack())
}
