// The places of the console that exist, in the order of the navigation.
import { mdiCogOutline, mdiConsole, mdiServerOutline } from '@mdi/js'
import type { RouteLocationRaw } from 'vue-router'
import type { WordKey } from '../../words/words.ts'

interface Place {
  place: string
  title: WordKey
  icon: string
  to: RouteLocationRaw
  /** Heading above it. */
  group?: WordKey
}

export const PLACES: readonly Place[] = [
  { place: 'instances', title: 'shell.place.instances', icon: mdiServerOutline, to: { name: 'instances' } },
  { place: 'terminals', title: 'shell.place.terminals', icon: mdiConsole, to: { name: 'terminals' } },
  {
    place: 'settings',
    title: 'shell.place.settings',
    icon: mdiCogOutline,
    to: { name: 'profile' },
    group: 'shell.group.govern',
  },
]
