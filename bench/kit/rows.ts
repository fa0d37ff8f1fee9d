// What the database says about a fleet while a bench runs.
import { existsSync } from 'node:fs'
import pg from 'pg'
import { cpuMsOf } from './usage.ts'

export interface Rows {
  /** The first number of the first row. */
  count(sql: string, parameters?: unknown[]): Promise<number>
  /** The most instances that were taken for silent at any look, until the undo. */
  watchSilent(): () => number
  /** Milliseconds of processor that PostgreSQL spends for the console until the undo, also in processes that begin or end meanwhile; none where it runs on another machine. */
  watchProcessor(): Promise<() => Promise<number>>
  end(): Promise<void>
}

const LOOK_MS = 1_000

export async function openRows(url: string | null): Promise<Rows> {
  if (!url)
    throw new Error('expected PostgreSQL, which can be looked into beside the console; got the embedded database')
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  const count: Rows['count'] = async (sql, parameters = []) => {
    const { rows } = await pool.query<Record<string, string>>(sql, parameters)
    return Number(Object.values(rows[0] ?? {})[0])
  }
  return {
    count,
    watchSilent() {
      let most = 0
      const look = async (): Promise<void> => {
        const now = await count(`select count(*) from instances where liveness in ('STALE', 'OFFLINE')`)
        most = Math.max(most, now)
      }
      const timer = setInterval(() => void look(), LOOK_MS)
      return () => {
        clearInterval(timer)
        return most
      }
    },
    async watchProcessor() {
      const isHere = ['127.0.0.1', 'localhost'].includes(new URL(url).hostname)
      const spent = new Map<number, { from: number; to: number }>()
      const look = async (isFirst: boolean): Promise<void> => {
        const { rows } = await pool.query<{ pid: number }>(
          `select pid from pg_stat_activity where datname = current_database() and application_name = 'sindri-console'`,
        )
        for (const { pid } of isHere ? rows : []) {
          // One that ends between the two questions keeps what it had at the look before.
          if (!existsSync(`/proc/${pid}`)) continue
          const ms = cpuMsOf(pid)
          spent.set(pid, { from: spent.get(pid)?.from ?? (isFirst ? ms : 0), to: ms })
        }
      }
      await look(true)
      const timer = setInterval(() => void look(false), LOOK_MS)
      return async () => {
        clearInterval(timer)
        await look(false)
        return [...spent.values()].reduce((sum, { from, to }) => sum + to - from, 0)
      }
    },
    end: () => pool.end(),
  }
}
