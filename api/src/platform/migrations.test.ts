import { expect, it } from 'vitest'
import { openPglite } from './engines/pglite.ts'
import { migrate } from './migrate.ts'
import { diffToSchema } from './schemaEngine.ts'

it(
  'the migrations lead exactly to the Prisma schema: nobody changed one without the other',
  { timeout: 60_000 },
  async () => {
    const store = await openPglite('memory')
    await migrate(store)
    expect(await store.exclusively((adapter) => diffToSchema(adapter))).toBeUndefined()
    await store.close()
  },
)
