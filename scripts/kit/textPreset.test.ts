import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { toConstants } from './textPreset.ts'

const constants = (text: string) => toConstants(parse(text).definitions)

test('an operation carries every fragment that it needs, each once, and no other', () => {
  const code = constants(`
    fragment Inner on Thing { id }
    fragment Outer on Thing { ...Inner at }
    fragment Unused on Thing { size }
    mutation Put { put { ...Outer ...Inner } }
  `)
  const query = JSON.parse(/query: (".*")/.exec(code)?.[1] ?? '') as string
  const names = parse(query).definitions.map((node) => 'name' in node && node.name?.value)
  expect(names).toEqual(['Put', 'Outer', 'Inner'])
})

test('a constant is typed by the operation, and its kind', () => {
  expect(constants('subscription Orders { orders }')).toContain(
    'export const OrdersDocument: Operation<OrdersSubscription, OrdersSubscriptionVariables> = {',
  )
})

test('an operation without a name is refused', () => {
  expect(() => constants('{ things }')).toThrow('expected an operation with a Name, got ""')
})
