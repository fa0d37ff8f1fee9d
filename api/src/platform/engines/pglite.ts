// PGlite, the embedded database: one process, one connection, every statement and transaction in turn.
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import type { Transaction } from '@electric-sql/pglite'
import { PrismaPGlite } from 'pglite-prisma-adapter'
import { makeFolder } from '../folder.ts'
import { nextTurn } from '../clock.ts'
import { lockFolder } from './folderLock.ts'
import { whileOpen } from './store.ts'
import type { Prepared } from '../prepared.ts'
import type { Query, Store } from './store.ts'
import { parsers, toParam } from './values.ts'

/**
 * The engine's own 128 MiB are all written at the start: half of its time, and memory that an embedded database never uses. Files stay in
 * the system's cache as well.
 */
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=32MB']

export interface PgliteOptions {
  /** Archive of a data folder to start from, instead of an empty one. */
  loadDataDir?: Blob
}

/** Parameters are text already: the engine's own serializers would read them as values. */
const asIs = new Proxy({}, { get: () => (value: string) => value }) as Record<number, (value: string) => string>

const queryOn =
  (runs: Pick<Transaction, 'query'>): Query =>
  async <T>(sql: string | Prepared, params: readonly unknown[] = []) =>
    (await runs.query<T>(typeof sql === 'string' ? sql : sql.text, params.map(toParam), { parsers, serializers: asIs }))
      .rows

/**
 * PGlite answers within microtasks, so a queue of queries would keep sockets and timers waiting until it is empty.
 * This gives the event loop one turn before each.
 */
const yieldBetweenQueries = (pglite: PGlite): void => {
  const run = pglite._runExclusiveQuery.bind(pglite)
  pglite._runExclusiveQuery = (fn) =>
    run(async () => {
      await nextTurn()
      return fn()
    })
}

export interface PgliteStore extends Store {
  dump(): Promise<Blob>
}

/** What the engine throws when it cannot write is a number, or "Aborted()"; mostly the disk is full. */
const reasonOf = (error: unknown, place: string): string => {
  const { message, errno } = error as { message?: string; errno?: number }
  const reason = message || `error ${errno ?? 'without a name'} of its files`
  if (place === 'memory') return reason
  const { bavail, bsize } = statfsSync(place)
  return `${reason} (${Math.floor((bavail * bsize) / 2 ** 20)} MiB free on its disk)`
}

/**
 * A first start that is killed, or runs out of disk, leaves half a database, which never opens again. A mark says so, and the next start
 * begins anew. Returns how to take the mark away.
 */
const beginData = (place: string, data: string): (() => void) => {
  const mark = path.join(place, 'unfinished')
  if (existsSync(mark)) rmSync(data, { recursive: true, force: true })
  else if (existsSync(path.join(data, 'PG_VERSION'))) return () => {}
  else writeFileSync(mark, '')
  makeFolder(data)
  return () => rmSync(mark)
}

/** `place` is a folder, or "memory". */
export const openPglite = async (place: string, options: PgliteOptions = {}): Promise<PgliteStore> => {
  const unlock = place === 'memory' ? undefined : await lockFolder(place)
  const loadDataDir = options.loadDataDir ? { loadDataDir: options.loadDataDir } : {}
  let pglite: PGlite
  try {
    if (place === 'memory') pglite = await PGlite.create({ startParams, ...loadDataDir })
    else {
      const dataDir = path.join(place, 'pg')
      const finish = beginData(place, dataDir)
      pglite = await PGlite.create({ dataDir, startParams, ...loadDataDir })
      finish()
    }
    yieldBetweenQueries(pglite)
    await pglite.exec(`set timezone = 'UTC'`)
  } catch (error) {
    unlock?.()
    throw new Error(`Expected a database folder at ${place}, got one that does not open: ${reasonOf(error, place)}`, {
      cause: error,
    })
  }

  const factory = new PrismaPGlite(pglite)
  const adapter: Store['adapter'] = (onTransaction) => ({
    provider: factory.provider,
    adapterName: factory.adapterName,
    async connect() {
      const connected = await factory.connect()
      const start = connected.startTransaction.bind(connected)
      connected.startTransaction = async (isolation) => {
        const transaction = await start()
        const { client } = transaction as unknown as { client: Transaction }
        // The adapter itself sets it before the transaction begins, where it means nothing.
        if (isolation) await client.exec(`set transaction isolation level ${isolation}`)
        onTransaction(whileOpen(transaction, queryOn(client)))
        return transaction
      }
      return connected
    },
  })

  let turn: Promise<unknown> = Promise.resolve()

  return {
    kind: 'pglite',
    query: queryOn(pglite),
    adapter,
    exclusively(use) {
      const connect = async () => {
        const connected = await factory.connect()
        // The adapter's own does not wait, and loses the error.
        connected.executeScript = async (script) => void (await pglite.exec(script))
        return connected
      }
      const { provider, adapterName } = factory
      const mine = turn.then(() => use({ provider, adapterName, connect, connectToShadowDb: connect }, queryOn(pglite)))
      turn = mine.catch(() => {})
      return mine
    },
    async ping() {
      await pglite.query('select 1')
    },
    async close() {
      if (!pglite.closed) await pglite.close()
      unlock?.()
    },
    dump: () => pglite.dumpDataDir('none'),
  }
}
