// The places of the console that exist, in the order of the navigation, and which of them a role may enter.
import {
  mdiCogOutline,
  mdiConsole,
  mdiKeyOutline,
  mdiServerOutline,
  mdiShieldSearch,
  mdiTimelineTextOutline,
  mdiViewGridOutline,
} from '@mdi/js'
import type { Action } from '@sindri/schema/contract/roles'
import { can } from '@sindri/schema/contract/roles'
import { computed } from 'vue'
import type { RouteLocationRaw } from 'vue-router'
import { useSession } from '../../session/session.ts'
import type { WordKey } from '../../words/words.ts'

interface Place {
  place: string
  title: WordKey
  icon: string
  to: RouteLocationRaw
  /** Heading above it. */
  group?: WordKey
  /** Absent for those who may not. */
  needs?: Action
  /** Reached by G and this letter. */
  letter?: string
  /** In the bottom bar of phones; the others stand behind "More". */
  onPhone?: boolean
}

const PLACES: readonly Place[] = [
  {
    place: 'fleet',
    title: 'shell.place.fleet',
    icon: mdiViewGridOutline,
    to: { name: 'fleet' },
    letter: 'f',
    onPhone: true,
  },
  {
    place: 'instances',
    title: 'shell.place.instances',
    icon: mdiServerOutline,
    to: { name: 'instances' },
    letter: 'i',
    onPhone: true,
  },
  {
    place: 'terminals',
    title: 'shell.place.terminals',
    icon: mdiConsole,
    to: { name: 'terminals' },
    letter: 't',
    onPhone: true,
  },
  {
    place: 'events',
    title: 'shell.place.events',
    icon: mdiTimelineTextOutline,
    to: { name: 'events' },
    group: 'shell.group.observe',
    letter: 'e',
  },
  {
    place: 'audit',
    title: 'shell.place.audit',
    icon: mdiShieldSearch,
    to: { name: 'audit' },
    group: 'shell.group.govern',
    needs: 'audit.read',
    letter: 'a',
  },
  {
    place: 'access',
    title: 'shell.place.access',
    icon: mdiKeyOutline,
    to: '/access',
    group: 'shell.group.govern',
    needs: 'key.read',
    letter: 'x',
  },
  {
    place: 'settings',
    title: 'shell.place.settings',
    icon: mdiCogOutline,
    to: { name: 'profile' },
    group: 'shell.group.govern',
    letter: 's',
  },
]

export const usePlaces = () => {
  const { user } = useSession()
  return computed(() => {
    const subject = user.value
    return PLACES.filter(({ needs }) => !needs || (subject && can(subject, needs)))
  })
}
