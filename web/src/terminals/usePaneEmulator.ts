// The life of one pane: its emulator and its hold on the terminal, begun together and ended together.
import { computed, nextTick, onBeforeUnmount, onMounted, type Ref, shallowRef, watch } from 'vue'
import { useTheme } from 'vuetify'
import { useGraph } from '../graph/graph.ts'
import { systemClock } from '../platform/clock.ts'
import { type Attachment, type AttachmentState, attachTerminal } from './attachment.ts'
import { markAttached } from './attached.ts'
import { copyText } from '../platform/clipboard.ts'
import { type Emulator, type Found, fontLoaded, openEmulator } from './emulator.ts'
import type { ShownLink } from './links.ts'
import { applyModifiers, type Arrow, arrowKey, type Modifiers, noModifiers, tapModifier } from './modifiers.ts'
import { answerTo, clipboardWish } from './osc52.ts'
import { cleanPaste, type PasteQuestion, pasteQuestion } from './paste.ts'
import { useTerminalPreferences } from './terminalPreferences.ts'

/** Longer than a font takes; then its successor must do until it comes. */
const fontMs = 500

export interface PaneEmulatorOptions {
  terminalId: string
  place: Readonly<Ref<HTMLElement | null>>
  /** In sight; a pane of another tab is not. */
  shown: () => boolean
  focused: () => boolean
  onLeave: () => void
  onLinks: () => void
}

export const usePaneEmulator = ({ terminalId, place, shown, focused, onLeave, onLinks }: PaneEmulatorOptions) => {
  const graph = useGraph()
  const theme = useTheme()
  const preferences = useTerminalPreferences()
  const state = shallowRef<AttachmentState>()
  const modifiers = shallowRef<Modifiers>(noModifiers)
  const question = shallowRef<PasteQuestion & { text: string }>()
  /** What a program wanted on the clipboard, and whether the browser refused what the user allows. */
  const wish = shallowRef<{ text: string; isFailed: boolean }>()
  const link = shallowRef<ShownLink | null>(null)
  const found = shallowRef<Found>()
  const isDark = computed(() => theme.global.current.value.dark)
  let isTold = false
  let emulator: Emulator | undefined
  let attachment: Attachment | undefined
  let stop = () => {}

  const fit = () => {
    const size = emulator?.fits()
    if (size) attachment?.resize(size)
  }
  const press = (pressed: { data: string; modifiers: Modifiers }) => {
    modifiers.value = pressed.modifiers
    attachment?.type(pressed.data)
  }
  const focus = () => {
    if (shown() && focused()) emulator?.focus()
  }

  /** Asks where its lines would run at once. */
  const paste = (raw: string) => {
    const text = cleanPaste(raw)
    if (!text || !emulator) return
    const asked = pasteQuestion(text, {
      bracketed: emulator.bracketedPaste,
      asks: preferences.terminal.asksBeforePaste,
    })
    if (asked) question.value = { ...asked, text }
    else emulator.paste(text)
  }
  const answerPaste = (isWanted: boolean) => {
    const asked = question.value
    question.value = undefined
    if (asked && isWanted) emulator?.paste(asked.text)
  }
  const pasteFromClipboard = async () => {
    // Refused by the user: then there is nothing to paste.
    paste(await navigator.clipboard.readText().catch(() => ''))
  }

  const write = async (text: string) => {
    wish.value = (await copyText(text)) ? undefined : { text, isFailed: true }
  }
  const onClipboard = (data: string, replay: boolean) => {
    const wanted = clipboardWish(data)
    const answer = answerTo(wanted, { allowed: preferences.terminal.clipboardWrite, replay, told: isTold })
    if (wanted.kind !== 'write' || answer === 'ignore') return
    if (answer === 'write') return void write(wanted.text)
    isTold = true
    wish.value = { text: wanted.text, isFailed: false }
  }
  const allowClipboard = () => {
    preferences.terminal.clipboardWrite = true
    if (wish.value) void write(wish.value.text)
  }

  onMounted(async () => {
    const undoMark = markAttached(terminalId)
    stop = undoMark
    const font = fontLoaded().catch(() => {})
    await Promise.race([font, new Promise<void>((resolve) => void systemClock.after(fontMs, resolve))])
    // Left in the meantime.
    if (!place.value) return
    const opened = openEmulator({
      place: place.value,
      theme: isDark.value ? 'dark' : 'light',
      look: preferences.terminal,
      onData: (data) =>
        typeof data === 'string' ? press(applyModifiers(modifiers.value, data)) : attachment?.type(data),
      onLeave,
      onLinks,
      onPaste: paste,
      onSelected: () => preferences.terminal.copyOnSelect && opened.copy(),
      onClipboard,
      onLink: (next) => (link.value = next),
      onFound: (next) => (found.value = next),
      isReplaying: () => state.value?.phase !== 'live',
    })
    emulator = opened
    opened.setShown(shown())
    attachment = attachTerminal({
      graph,
      clock: systemClock,
      terminalId,
      size: opened.fits() ?? { cols: 80, rows: 24 },
      screen: opened.screen,
      onState: (next) => {
        if (next.phase === 'ended' && state.value?.phase !== 'ended') opened.end()
        state.value = next
      },
    })
    const observer = new ResizeObserver(fit)
    observer.observe(place.value)
    stop = () => {
      observer.disconnect()
      undoMark()
    }
    focus()
    await font
    emulator?.useFont()
    fit()
  })
  watch(isDark, (dark) => emulator?.setTheme(dark ? 'dark' : 'light'))
  watch(
    () => ({ ...preferences.terminal }),
    (look) => {
      emulator?.setLook(look)
      fit()
    },
  )
  watch(shown, (isShown) => emulator?.setShown(isShown))
  // After the place is in sight: what is hidden takes no focus.
  const focusSoon = () => void nextTick(focus)
  watch([shown, focused], focusSoon, { flush: 'post' })
  onBeforeUnmount(() => {
    stop()
    attachment?.detach()
    emulator?.dispose()
    emulator = undefined
  })

  return {
    state,
    modifiers,
    question,
    wish,
    link,
    found,
    answerPaste,
    pasteFromClipboard,
    allowClipboard,
    dismissWish: () => (wish.value = undefined),
    focus: () => emulator?.focus(),
    /** Once what just changed is in place, and only if the keyboard belongs here then. */
    focusSoon,
    blur: () => emulator?.blur(),
    copy: () => emulator?.copy(),
    links: () => emulator?.links ?? [],
    key: (data: string) => emulator?.key(data),
    toggleKeyboard: () => emulator?.toggleKeyboard(),
    pressArrow: (arrow: Arrow) => press(arrowKey(modifiers.value, arrow, emulator?.applicationArrows ?? false)),
    modify: (name: 'ctrl' | 'alt') => (modifiers.value = tapModifier(modifiers.value, name)),
    sendStale: () => attachment?.sendStale(),
    discardStale: () => attachment?.discardStale(),
    find: (term: string, by: 'next' | 'previous' | 'here', matchCase: boolean) => emulator?.find(term, by, matchCase),
    endSearch() {
      found.value = undefined
      emulator?.endSearch()
      emulator?.focus()
    },
  }
}
