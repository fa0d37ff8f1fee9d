import { expect, it } from 'vitest'
import type { TerminalLineFragment } from '../graph/gql/graphql.ts'
import { foldTerminal } from './foldTerminal.ts'

const terminal = (id: string, minute: number, state: TerminalLineFragment['state'] = 'READY') =>
  ({ id, state, openedAt: new Date(minute * 60_000).toISOString() }) as TerminalLineFragment
const told = (terminals: readonly TerminalLineFragment[]) => terminals.map(({ id, state }) => `${id} ${state}`)

it('puts a new one in its place by when it was opened', () => {
  const list = [terminal('c', 3), terminal('a', 1)]
  expect(told(foldTerminal(list, terminal('d', 4)))).toEqual(['d READY', 'c READY', 'a READY'])
  expect(told(foldTerminal(list, terminal('b', 2)))).toEqual(['c READY', 'b READY', 'a READY'])
  expect(told(foldTerminal(list, terminal('o', 0)))).toEqual(['c READY', 'a READY', 'o READY'])
})

it('changes a known one where it stands, and does not mind to hear it twice', () => {
  const list = [terminal('b', 2), terminal('a', 1)]
  const closed = terminal('b', 2, 'CLOSED')
  const once = foldTerminal(list, closed)
  expect(told(once)).toEqual(['b CLOSED', 'a READY'])
  expect(told(foldTerminal(once, closed))).toEqual(['b CLOSED', 'a READY'])
})

it('lets no late word take back what a later one said', () => {
  const list = [terminal('a', 1, 'CLOSED')]
  for (const late of ['OPENING', 'READY'] as const)
    expect(told(foldTerminal(list, terminal('a', 1, late)))).toEqual(['a CLOSED'])
})
