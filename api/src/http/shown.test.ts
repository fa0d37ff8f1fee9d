// Faults are shown as they are, wrong questions with their place, defects as an id alone.
import { Fault } from '@sindri/schema/contract/codes'
import { GraphQLError, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, graphql, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { silentLog, type LogFields } from '../platform/log.ts'
import { toGraphQLErrors, toShown } from './shown.ts'

const logged: LogFields[] = []
const log = { ...silentLog, error: (_: string, fields?: LogFields) => void logged.push(fields ?? {}) }

const resolvers = {
  fault: () => {
    throw new Fault('CONFLICT', 'The name is taken.', { field: 'name' }, { cause: new Error('secret') })
  },
  defect: () => {
    throw new Error('password=hunter2')
  },
  text: () => {
    throw 'hunter2' as unknown as Error
  },
  nothing: () => null,
  huge: () => 2 ** 40,
}
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: Object.fromEntries(
      Object.entries(resolvers).map(([name, resolve]) => [
        name,
        { type: new GraphQLNonNull(GraphQLInt), args: { n: { type: GraphQLInt } }, resolve },
      ]),
    ),
  }),
})
const shownOf = async (source: string, variableValues: Record<string, unknown> = {}) => {
  logged.length = 0
  const { errors } = await graphql({ schema, source, variableValues })
  return toShown(errors?.[0], 'req_1', log, 'BAD_INPUT')
}

describe('what is shown of an error', () => {
  it('is a fault with its code and details, never its cause', async () => {
    expect(await shownOf('{ fault }')).toEqual({
      code: 'CONFLICT',
      message: 'The name is taken.',
      extensions: { field: 'name', code: 'CONFLICT', retry: false, requestId: 'req_1' },
    })
    expect(logged).toEqual([])
  })

  it('is a fault that ended a subscription', () => {
    const error = new GraphQLError('The reader was slow.', {
      cause: new Fault('SLOW_CONSUMER', 'The reader was slow.'),
    })
    expect(toShown(error, 'req_1', log)).toMatchObject({ code: 'SLOW_CONSUMER', extensions: { retry: true } })
  })

  it.each(['defect', 'text', 'nothing', 'huge'])(
    'is the request id alone of a defect (%s), which the log has whole',
    async (field) => {
      const shown = await shownOf(`{ ${field} }`)
      expect(shown).toMatchObject({
        code: 'INTERNAL',
        extensions: { code: 'INTERNAL', retry: true, requestId: 'req_1' },
      })
      expect(JSON.stringify(shown)).not.toMatch(/hunter2|null|32-bit/)
      expect(logged).toEqual([{ requestId: 'req_1', path: field, error: expect.anything() }])
    },
  )

  it('is a wrong variable with what was expected, shortened', async () => {
    const shown = await shownOf('query ($n: Int) { nothing(n: $n) }', { n: 'x'.repeat(10_000) })
    expect(shown).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('$n') })
    expect(shown.message.length).toBeLessThanOrEqual(501)
    expect(logged).toEqual([])
  })

  it('is a syntax error with its place', () => {
    let thrown: unknown
    try {
      parse('{ a')
    } catch (error) {
      thrown = error
    }
    expect(toGraphQLErrors(thrown, 'req_1', log)[0]?.toJSON()).toMatchObject({
      locations: [{ line: 1, column: 4 }],
      extensions: { code: 'BAD_QUERY' },
    })
  })
})
