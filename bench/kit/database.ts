// A look into the console's own database from outside: to fill it as the product would have, and to ask what the bare SQL takes.
import pg from 'pg'

export async function onDatabase<T>(url: string | null, use: (client: pg.Client) => Promise<T>): Promise<T> {
  if (!url)
    throw new Error('expected PostgreSQL, which can be looked into beside the console; got the embedded database')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

/** How long each of so many runs took. */
export async function timesOf(times: number, run: () => Promise<unknown>): Promise<number[]> {
  const took: number[] = []
  for (let i = 0; i < times; i++) {
    const began = performance.now()
    await run()
    took.push(performance.now() - began)
  }
  return took
}
