// Where the Prisma CLI finds schema and migrations; it is used for `prisma generate` alone (migrations: src/platform/makeMigration.ts).
import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma/schema',
  migrations: { path: 'prisma/migrations' },
})
