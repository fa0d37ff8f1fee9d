// Which columns the list of instances shows and how dense it is: what a user likes on this browser.
import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

/** Those that can be left out, in their order. Status and name always show. */
export const COLUMNS = ['where', 'tags', 'cpu', 'memory', 'disk', 'netIn', 'netOut', 'up', 'agent'] as const
export type Column = (typeof COLUMNS)[number]
export const DENSITIES = ['compact', 'normal', 'roomy'] as const
export type Density = (typeof DENSITIES)[number]

export interface Look {
  density: Density
  hidden: Column[]
}

export const ROW_PX: Record<Density, number> = { compact: 30, normal: 36, roomy: 44 }
/** Tags need room that most lists do not have. */
export const USUAL: Look = { density: 'normal', hidden: ['tags'] }

const KEY = 'sindri.instances'

/** Whatever another version of the page or somebody's hand left there. */
export const parseLook = (text: string | null): Look => {
  try {
    const found = JSON.parse(text ?? 'null') as Partial<Record<keyof Look, unknown>> | null
    const hidden = found?.hidden
    return {
      density: DENSITIES.find((density) => density === found?.density) ?? USUAL.density,
      hidden: Array.isArray(hidden) ? COLUMNS.filter((column) => hidden.includes(column)) : USUAL.hidden,
    }
  } catch {
    return USUAL
  }
}

export const useLook = defineStore('instances.look', () => {
  const look = ref(parseLook(localStorage.getItem(KEY)))
  watch(look, (chosen) => localStorage.setItem(KEY, JSON.stringify(chosen)))
  return {
    density: computed({
      get: () => look.value.density,
      set: (density) => (look.value = { ...look.value, density }),
    }),
    isShown: (column: Column): boolean => !look.value.hidden.includes(column),
    toggle: (column: Column): void => {
      const { hidden } = look.value
      look.value = {
        ...look.value,
        hidden: COLUMNS.filter((other) => (other === column ? !hidden.includes(other) : hidden.includes(other))),
      }
    },
  }
})
