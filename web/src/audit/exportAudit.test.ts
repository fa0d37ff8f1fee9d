import { expect, test } from 'vitest'
import { ShownFault } from '../graph/faults.ts'
import type { AuditLineFragment } from '../graph/gql/graphql.ts'
import { createFakeClock } from '../platform/fakeClock.ts'
import { type ExportDeps, exportAudit, type Progress } from './exportAudit.ts'
import { EXPORT_FORMATS } from './exportFormats.ts'

const entry = (id: number) => ({ id: String(id), at: `2026-01-01T00:00:0${id}.000Z` }) as AuditLineFragment
/** Entries 9 to 1 in pages of two, the answer to each question given by `meet` where it throws. */
const setUp = (meet: (question: number) => void = () => {}) => {
  const clock = createFakeClock()
  const stop = new AbortController()
  const seen: Progress[] = []
  let questions = 0
  const deps: ExportDeps = {
    readPage: async (after) => {
      meet(++questions)
      const from = after === null ? 9 : Number(after) - 1
      const items = [from, from - 1].filter((id) => id > 0).map(entry)
      return { items, endCursor: items.at(-1)?.id ?? null, more: from > 2 }
    },
    format: EXPORT_FORMATS.jsonl,
    clock,
    signal: stop.signal,
    onProgress: (progress) => seen.push(progress),
  }
  return { clock, stop, deps, seen }
}
const idsOf = async (blob: Blob | null) =>
  (await blob?.text())
    ?.trim()
    .split('\n')
    .map((line) => Number((JSON.parse(line) as { id: string }).id))
/** Lets what is waited for happen, however many steps it takes. */
const settle = async <T>(clock: ReturnType<typeof createFakeClock>, promise: Promise<T>): Promise<T> => {
  let done = false
  void promise.then(
    () => (done = true),
    () => (done = true),
  )
  for (let steps = 0; steps < 400 && !done; steps++) {
    clock.advance(10_000)
    await Promise.resolve()
  }
  return promise
}

test('an export is all of it, in order, and says how far it is', async () => {
  const { deps, seen } = setUp()
  expect(await idsOf(await exportAudit(deps))).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
  expect(seen.map(({ entries }) => entries)).toEqual([2, 4, 6, 8, 9])
  expect(seen.at(-1)?.at).toBe(entry(1).at)
})

test('a page that was refused for a while is asked for again, and none is lost or comes twice', async () => {
  const { deps, clock } = setUp((question) => {
    if ([2, 3, 5].includes(question))
      throw new ShownFault('RATE_LIMITED', 'Too many.', true, 'req_1', { retryAfterMs: 500 })
  })
  expect(await idsOf(await settle(clock, exportAudit(deps)))).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1])
})

test('what waiting does not mend ends it', async () => {
  const forbidden = setUp((question) => {
    if (question === 2) throw new ShownFault('FORBIDDEN', 'No.', false)
  })
  await expect(exportAudit(forbidden.deps)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const gone = setUp((question) => {
    if (question > 1) throw new ShownFault('UNREACHABLE', 'No answer.', true)
  })
  await expect(settle(gone.clock, exportAudit(gone.deps))).rejects.toMatchObject({ code: 'UNREACHABLE' })
})

test('an export that is stopped gives no file', async () => {
  const { deps, stop } = setUp((question) => {
    if (question === 3) stop.abort()
  })
  expect(await exportAudit(deps)).toBeNull()
})
