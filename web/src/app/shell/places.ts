// The places of the console that exist, in the order of the navigation.
import { mdiCogOutline, mdiConsole, mdiServerOutline } from '@mdi/js'
import type { RouteLocationRaw } from 'vue-router'

interface Place {
  place: string
  title: string
  icon: string
  to: RouteLocationRaw
  /** Heading above it. */
  group?: string
}

export const PLACES: readonly Place[] = [
  { place: 'instances', title: 'Instances', icon: mdiServerOutline, to: { name: 'instances' } },
  { place: 'terminals', title: 'Terminals', icon: mdiConsole, to: { name: 'terminals' } },
  { place: 'settings', title: 'Settings', icon: mdiCogOutline, to: { name: 'profile' }, group: 'Govern' },
]
