// Keeps a program at its sources: a change ends it in order and starts it anew; one that ended by itself waits for the next change.
import type { ChildProcess } from 'node:child_process'
import { watch } from 'node:fs'
import { exitOf } from './console.ts'
import { endAll } from './end.ts'
import type { Kept } from './keep.ts'
import { say } from './say.mjs'

/** Editors save in several steps. */
const SETTLE_MS = 150

/** Calls `then` once for changes that come together. Only sources: files of dependencies are shared with other clones of the machine. */
export function onChange(folders: readonly string[], isSource: RegExp, then: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  const watchers = folders.map((folder) =>
    watch(folder, { recursive: true }, (_, file) => {
      if (!file || !isSource.test(file)) return
      clearTimeout(timer)
      timer = setTimeout(then, SETTLE_MS)
    }),
  )
  return () => {
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
}

export function reload(name: string, start: () => ChildProcess, folders: readonly string[]): Kept {
  let child: ChildProcess | null = null
  let released = false
  let working = Promise.resolve()

  const begin = (): void => {
    if (released) return
    const mine = start()
    child = mine
    void exitOf(mine).then((code) => {
      // Another has taken its place, or is about to.
      if (child !== mine || released) return
      child = null
      say(`sindri: the ${name} ended with exit code ${code}; it starts again when its sources change`)
    })
  }
  const again = async (): Promise<void> => {
    if (released) return
    say(`sindri: the sources of the ${name} changed; it starts anew`)
    const old = child
    child = null
    if (old) await endAll([old])
    begin()
  }
  begin()
  const unwatch = onChange(folders, /(?<!\.test)\.(ts|graphql)$/, () => void (working = working.then(again)))
  return {
    current: () => child,
    release() {
      released = true
      unwatch()
    },
  }
}
