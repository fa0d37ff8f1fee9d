// Prints the schema as SDL: `node schema/src/print.ts > schema/schema.graphql`.
import { lexicographicSortSchema, printSchema } from 'graphql'
import { schema } from './index.ts'

export const printed = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`

if (import.meta.main) process.stdout.write(printed())
