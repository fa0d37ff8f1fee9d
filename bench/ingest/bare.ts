// What PostgreSQL takes of the same rows by itself: a table like that of samples, filled by one connection.
import type pg from 'pg'
import { copyIn } from '../kit/copyIn.ts'
import { onDatabase } from '../kit/database.ts'
import { elapsedMs } from '../kit/report.ts'

/** The table of the product, less its partitions. */
const COLUMNS = [
  'at timestamptz',
  'seq int4',
  'run uuid',
  'instance int4',
  'cpu real',
  'steal real',
  'load1 real',
  'mem_total int8',
  'mem_used int8',
  'mem_cached int8',
  'mem_available int8',
  'swap_used int8',
  'disk_total int8',
  'disk_used int8',
  'disk_read real',
  'disk_write real',
  'net_rx real',
  'net_tx real',
]

/** Rows a statement: as many as the console commits at once when it has much to do. */
const BATCH = 1_000
const RUN = '01890a5d-ac96-774b-bcce-b302099a8057'

const valueOf = (column: string, row: number): string | number => {
  if (column.startsWith('at ')) return new Date().toISOString()
  if (column.startsWith('seq ')) return row
  if (column.startsWith('run ')) return RUN
  return column.endsWith('int8') ? 34_359_738_368 : 12
}

async function perSecond(
  databaseUrl: string,
  rows: number,
  write: (client: pg.Client, from: number) => Promise<unknown>,
) {
  return onDatabase(databaseUrl, async (client) => {
    await client.query(`create table bare_sample (${COLUMNS.join(', ')}, primary key (instance, run, seq, at))`)
    const began = performance.now()
    for (let from = 0; from < rows; from += BATCH) await write(client, from)
    const rate = rows / (elapsedMs(began) / 1000)
    await client.query('drop table bare_sample')
    return rate
  })
}

const rowsFrom = (from: number): number[] => Array.from({ length: BATCH }, (_, i) => from + i)

export const unnestBare = (databaseUrl: string, rows: number): Promise<number> => {
  const types = COLUMNS.map((column) => column.split(' ')[1])
  const insert = `insert into bare_sample select * from unnest(${types.map((type, i) => `$${i + 1}::${type}[]`).join(', ')}) on conflict do nothing`
  return perSecond(databaseUrl, rows, (client, from) =>
    client.query(
      insert,
      COLUMNS.map((column) => rowsFrom(from).map((row) => valueOf(column, row))),
    ),
  )
}

export const copyBare = (databaseUrl: string, rows: number): Promise<number> =>
  perSecond(databaseUrl, rows, (client, from) => {
    const text = rowsFrom(from).map((row) => `${COLUMNS.map((column) => valueOf(column, row)).join('\t')}\n`)
    return copyIn(client, 'copy bare_sample from stdin', text.join(''))
  })
