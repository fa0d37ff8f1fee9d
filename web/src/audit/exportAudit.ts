// All entries of a filter as one file, page by page: with progress, patient with a console that is busy, and in bounded memory.
import type { AuditLineFragment } from '../graph/gql/graphql.ts'
import type { Page } from '../graph/newest.ts'
import { toFault } from '../graph/faults.ts'
import type { Clock } from '../platform/clock.ts'
import type { Format } from './exportFormats.ts'

export interface Progress {
  entries: number
  /** Where in time it is: it goes from now into the past. */
  at: string | null
}

export interface ExportDeps {
  readPage(after: string | null): Promise<Page<AuditLineFragment>>
  format: Format
  clock: Clock
  signal: AbortSignal
  onProgress(progress: Progress): void
}

/** A console that is busy or gone for a moment is asked again this often for the same page. */
const TRIES = 8
const AGAIN_MS = 1_000
const AGAIN_MOST_MS = 30_000

const wait = (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const stop = clock.after(delayMs, resolve)
    signal.addEventListener('abort', () => {
      stop()
      resolve()
    })
  })

/** Null when it was stopped. Throws a ShownFault for what waiting does not mend. */
export const exportAudit = async (deps: ExportDeps): Promise<Blob | null> => {
  const { format, clock, signal, onProgress } = deps
  const readPage = async (after: string | null): Promise<Page<AuditLineFragment> | null> => {
    for (let tries = 1; ; tries++) {
      try {
        return await deps.readPage(after)
      } catch (error) {
        const fault = toFault(error)
        if (signal.aborted) return null
        if (!fault.retry || tries === TRIES) throw fault
        const doubled = Math.min(AGAIN_MOST_MS, AGAIN_MS * 2 ** (tries - 1)) * (0.5 + clock.chance())
        await wait(clock, Math.max(doubled, fault.details.retryAfterMs ?? 0), signal)
      }
    }
  }

  // A page is a blob of its own: the browser keeps those outside of the memory of scripts, large ones on disk.
  const parts: Blob[] = [new Blob([format.head])]
  const progress: Progress = { entries: 0, at: null }
  let page: Page<AuditLineFragment> | null = null
  do {
    page = await readPage(page?.endCursor ?? null)
    if (!page || signal.aborted) return null
    parts.push(new Blob([page.items.map((entry) => format.line(entry)).join('')]))
    progress.entries += page.items.length
    progress.at = page.items.at(-1)?.at ?? progress.at
    onProgress({ ...progress })
  } while (page.more)
  return new Blob(parts, { type: format.type })
}
