// The one Pothos SchemaBuilder.
import SchemaBuilder from '@pothos/core'
import type { Context } from './context.ts'
import { guardPlugin } from './guard.ts'

export const builder = new SchemaBuilder<{
  Context: Context
  DefaultFieldNullability: false
  DefaultInputFieldRequiredness: false
  Scalars: {
    ID: { Input: string; Output: string }
    DateTime: { Input: Date; Output: Date }
    Bytes: { Input: string; Output: string }
    BigInt: { Input: number; Output: number | bigint }
    Figure: { Input: unknown; Output: number }
    JSON: { Input: unknown; Output: unknown }
  }
}>({
  plugins: [guardPlugin],
  defaultFieldNullability: false,
})

builder.queryType({ description: 'What can be asked.' })
builder.mutationType({ description: 'What can be changed. Every mutation of a user or key leaves an audit entry.' })
builder.subscriptionType({ description: 'What can be watched, over graphql-transport-ws.' })
