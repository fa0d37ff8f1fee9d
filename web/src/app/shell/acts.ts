// What can be done from anywhere, by whoever may: the acts of the palette.
import { mdiConsole, mdiKeyboardOutline, mdiLogout, mdiPlus, mdiThemeLightDark } from '@mdi/js'
import { type Ref, computed } from 'vue'
import type { PaletteEntry } from '../../palette/entries.ts'
import type { FoundInstance } from '../../palette/useFound.ts'
import { toFault } from '../../graph/faults.ts'
import { useCan, useSession } from '../../session/session.ts'
import { useOpenTerminal } from '../../terminals/useTerminals.ts'
import { useActivity } from '../../ui/activity.ts'
import { THEMES, usePreferences } from '../../ui/preferences.ts'
import { t } from '../../words/words.ts'
import { usePlaces } from './places.ts'
import { isMac } from '../../platform/mac.ts'

export const useActs = (help: Ref<boolean>) => {
  const { signOut } = useSession()
  const places = usePlaces()
  const preferences = usePreferences()
  const activity = useActivity()
  const mayEnrol = useCan('enrolment.reveal')
  const mayOpen = useCan('terminal.open')
  const terminal = useOpenTerminal()

  const goTo = computed<PaletteEntry[]>(() =>
    places.value.map(({ place, title, icon, to, letter }) => ({
      id: `place-${place}`,
      title: t(title),
      icon,
      to,
      note: letter ? `G ${letter.toUpperCase()}` : undefined,
    })),
  )

  const acts = computed<PaletteEntry[]>(() => [
    ...(mayEnrol.value ? [{ id: 'enrol', title: t('shell.act.enrol'), icon: mdiPlus, to: { name: 'enrol' } }] : []),
    ...THEMES.filter((theme) => theme !== preferences.theme).map((theme) => ({
      id: `theme-${theme}`,
      title: t('shell.act.theme', { theme: t(`ui.theme.${theme}`) }),
      icon: mdiThemeLightDark,
      run: () => (preferences.theme = theme),
    })),
    { id: 'keys', title: t('shell.keys.title'), icon: mdiKeyboardOutline, run: () => (help.value = true) },
    {
      id: 'sign-out',
      title: t('shell.act.signOut'),
      icon: mdiLogout,
      run: () => signOut().catch((error: unknown) => activity.failed(t('shell.act.signOutFailed'), toFault(error))),
    },
  ])

  const actsOn = (instance: FoundInstance): PaletteEntry[] =>
    mayOpen.value && instance.status === 'RUNNING'
      ? [
          {
            id: 'open-terminal',
            title: t('shell.act.openTerminal'),
            icon: mdiConsole,
            keys: `${isMac ? '⌘' : 'Ctrl'} ↵`,
            run: async () => {
              await terminal.open(instance.id)
              if (terminal.fault.value)
                activity.failed(t('shell.act.openTerminalFailed', { name: instance.name }), terminal.fault.value)
            },
          },
        ]
      : []

  return { goTo, acts, actsOn }
}
