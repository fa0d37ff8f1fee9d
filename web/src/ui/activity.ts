// What was done on this page and what went wrong, newest first: kept while the page is open, echoed for a moment.
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { ShownFault } from '../graph/faults.ts'
import { type Clock, type Undo, systemClock } from '../platform/clock.ts'

export interface Deed {
  id: number
  at: number
  what: string
  fault?: ShownFault | undefined
  /** Takes it back; offered as long as its echo shows. */
  undo?: (() => void) | undefined
  /** How often the same happened in a row. */
  times: number
}

interface Echo {
  deed: Deed
  stop: Undo
}

const kept = 100
const echoMs = 6_000
const undoMs = 8_000
const echoesMax = 2

export const createActivity = (clock: Clock) => {
  const deeds = shallowRef<readonly Deed[]>([])
  const echoes = shallowRef<readonly Echo[]>([])
  const seenId = shallowRef(0)
  let lastId = 0

  const quiet = (id: number): void => {
    for (const echo of echoes.value) if (echo.deed.id === id) echo.stop()
    echoes.value = echoes.value.filter(({ deed }) => deed.id !== id)
  }
  const add = (what: string, more: Pick<Deed, 'fault' | 'undo'>): Deed => {
    // One fault is one line: kept as it came in, it is now told by what it made fail.
    const before = more.fault ? deeds.value.filter(({ fault }) => fault !== more.fault) : deeds.value
    const [newest] = before
    const isSame = newest?.what === what && newest.fault?.message === more.fault?.message && !more.undo
    const deed: Deed = {
      ...more,
      id: ++lastId,
      at: clock.now(),
      what,
      times: isSame && newest ? newest.times + 1 : 1,
    }
    if (isSame && newest) quiet(newest.id)
    deeds.value = [deed, ...before.slice(isSame ? 1 : 0)].slice(0, kept)
    return deed
  }
  const echo = (deed: Deed): void => {
    const stop = clock.after(deed.undo ? undoMs : echoMs, () => quiet(deed.id))
    for (const { deed: old } of echoes.value.slice(0, Math.max(0, echoes.value.length + 1 - echoesMax))) quiet(old.id)
    echoes.value = [...echoes.value, { deed, stop }]
  }

  return {
    deeds,
    /** At most two, the newest last. */
    echoed: computed(() => echoes.value.map(({ deed }) => deed)),
    unseen: computed(() => deeds.value.filter(({ id, fault }) => id > seenId.value && fault).length),
    /** Something the user asked for has happened. */
    done: (what: string, undo?: () => void): void => echo(add(what, { undo })),
    /** Something the user asked for has failed. */
    failed: (what: string, fault: ShownFault): void => echo(add(what, { fault })),
    /** A fault that its screen shows already: kept for whoever wants its request id later. */
    keep: (what: string, fault: ShownFault): void => void add(what, { fault }),
    quiet,
    takeBack(deed: Deed): void {
      quiet(deed.id)
      deed.undo?.()
    },
    seen: (): void => void (seenId.value = lastId),
    clear(): void {
      for (const { stop } of echoes.value) stop()
      echoes.value = []
      deeds.value = []
    },
  }
}

export const useActivity = defineStore('activity', () => createActivity(systemClock))
