import { schema as product } from '@sindri/schema'
import { buildSchema, type ExecutionResult, GraphQLError, type GraphQLSchema, parse } from 'graphql'
import { beforeEach, describe, expect, it } from 'vitest'
import { toDirect } from './direct.ts'
import { type Results, textOf } from './frames.ts'
import { createSubscribe, type Subscribe } from './shared.ts'

interface Context {
  viewer: string
  events: object[]
}

const document = parse('subscription ($loud: Boolean) { seen(loud: $loud) { text } }')
let schema: GraphQLSchema
let executed: string[]
let subscribe: Subscribe

beforeEach(() => {
  executed = []
  subscribe = createSubscribe()
  schema = buildSchema(
    'type Query { a: Int } type Seen { text: String who: String } type Subscription { seen(loud: Boolean): Seen own: Seen }',
  )
  const fields = schema.getSubscriptionType()?.getFields() ?? {}
  for (const field of Object.values(fields)) {
    field.subscribe = async function* (_: unknown, __: unknown, { viewer, events }: Context) {
      if (viewer === 'nobody') throw new GraphQLError('not yours')
      yield* events
    }
    field.resolve = (event: unknown) => {
      executed.push(field.name)
      return event
    }
  }
  const seen = fields['seen']
  if (seen) seen.extensions = { shared: true }
  const who = schema.getType('Seen')
  if (who && 'getFields' in who) {
    const field = who.getFields()['who']
    if (field && 'resolve' in field) field.resolve = (_: unknown, __: unknown, { viewer }: Context) => viewer
  }
})

const watch = (context: Context, asked = document, root = 'seen', variableValues: Record<string, unknown> = {}) =>
  subscribe(
    { schema, document: asked, variableValues, contextValue: context },
    { name: undefined, type: 'subscription', roots: [root], acts: 1, direct: toDirect(schema, asked, undefined) },
  )
const all = async (results: Awaited<ReturnType<Subscribe>>): Promise<ExecutionResult[]> => {
  const seen: ExecutionResult[] = []
  for await (const result of results as Results) seen.push(JSON.parse(textOf(result)) as ExecutionResult)
  return seen
}

describe('an event that is alike for all', () => {
  const events = [{ text: 'a' }, { text: 'b' }]

  it('is answered once for all who ask the same', async () => {
    const [first, second] = [await watch({ viewer: 'ada', events }), await watch({ viewer: 'ben', events })]
    const told = [{ data: { seen: { text: 'a' } } }, { data: { seen: { text: 'b' } } }]
    expect(await all(first)).toEqual(told)
    expect(await all(second)).toEqual(told)
    expect(executed).toHaveLength(2)
  })

  it('is answered anew for another document, and for other variables', async () => {
    const other = parse('subscription { seen { words: text } }')
    expect(await all(await watch({ viewer: 'ada', events }))).toHaveLength(2)
    expect(await all(await watch({ viewer: 'ada', events }, other))).toEqual([
      { data: { seen: { words: 'a' } } },
      { data: { seen: { words: 'b' } } },
    ])
    await all(await watch({ viewer: 'ada', events }, document, 'seen', { loud: true }))
    expect(executed).toHaveLength(6)
  })

  it('still is for those alone who may begin to watch', async () => {
    await all(await watch({ viewer: 'ada', events }))
    const refused = await watch({ viewer: 'nobody', events })
    await expect(all(refused)).rejects.toThrow('not yours')
  })

  it('is answered for each who looks where the document asks who that is', async () => {
    const who = parse('subscription { seen { who } }')
    const told = (viewer: string) => [{ data: { seen: { who: viewer } } }, { data: { seen: { who: viewer } } }]
    expect(await all(await watch({ viewer: 'ada', events }, who))).toEqual(told('ada'))
    expect(await all(await watch({ viewer: 'ben', events }, who))).toEqual(told('ben'))
  })

  it('is so only where the field says it', async () => {
    const own = parse('subscription { own { text } }')
    for (const viewer of ['ada', 'ben'])
      expect(await all(await watch({ viewer, events }, own, 'own'))).toEqual([
        { data: { own: { text: 'a' } } },
        { data: { own: { text: 'b' } } },
      ])
    expect(executed).toHaveLength(4)
  })
})

it('samples and changes of instances are shared, and nothing that speaks of whoever looks', () => {
  const fields = Object.values(product.getSubscriptionType()?.getFields() ?? {})
  expect(
    fields
      .filter(({ extensions }) => extensions['shared'])
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['instanceChanged', 'metricSampled'])
})
