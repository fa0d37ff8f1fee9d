// What the database says about a fleet while a bench runs.
import pg from 'pg'

export interface Rows {
  /** The first number of the first row. */
  count(sql: string, parameters?: unknown[]): Promise<number>
  /** The most instances that were taken for silent at any look, until the undo. */
  watchSilent(): () => number
  /** Processes of PostgreSQL that serve this database; empty where they run on another machine. */
  servers(): Promise<number[]>
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
    async servers() {
      if (!['127.0.0.1', 'localhost'].includes(new URL(url).hostname)) return []
      const { rows } = await pool.query<{ pid: number }>(
        'select pid from pg_stat_activity where datname = current_database()',
      )
      return rows.map(({ pid }) => pid)
    },
    end: () => pool.end(),
  }
}
