// The arrangement of terminals on this browser: one for each user, kept over reloads, and no server truth in it.
import { defineStore } from 'pinia'
import { shallowRef, watch } from 'vue'
import { type Layout, noLayout } from './layout.ts'
import { fromStored, toStored } from './storedLayout.ts'

const keyOf = (userId: string): string => `sindri.terminals.${userId}`

export const useWorkspace = defineStore('workspace', () => {
  const layout = shallowRef<Layout>(noLayout)
  let owner: string | undefined

  /** Somebody else on the same browser has another arrangement. */
  const enter = (userId: string): void => {
    if (owner === userId) return
    owner = userId
    layout.value = fromStored(localStorage.getItem(keyOf(userId)))
  }
  const change = (by: (layout: Layout) => Layout): void => {
    layout.value = by(layout.value)
  }
  watch(layout, (now) => {
    if (owner) localStorage.setItem(keyOf(owner), toStored(now))
  })
  return { layout, enter, change }
})
