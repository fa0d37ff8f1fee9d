// Whose a message on a shared Redis is: consoles of one database hear each other, and those of another one neither hear nor are heard.
import { randomBytes } from 'node:crypto'
import type { Db } from './db.ts'

/** Before every channel. Made with the first console of a database, and the same for all that follow. */
export const busPrefix = async (db: Pick<Db, 'query'>): Promise<string> => {
  const [row] = await db.query<{ value: string }>(
    `insert into settings (key, value) values ('bus', to_jsonb($1::text))
     on conflict (key) do update set value = settings.value returning value`,
    [randomBytes(9).toString('base64url')],
  )
  return `sindri/${row?.value}/`
}
