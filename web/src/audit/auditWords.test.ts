import { buildSchema } from 'graphql'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { actWord, AUDITED_ACTIONS, targetWord } from './auditWords.ts'

const schema = buildSchema(readFileSync(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8'))
/** Of agents, and of a terminal from key to key. */
const NO_ENTRY = /^(publish|report|claimCommand|heartbeat|renewAgentToken|ackTerminal|resizeTerminal|sendTerminal)/
const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {}).filter((name) => !NO_ENTRY.test(name))

it.each([...mutations.map((name) => `some.thing.${name}`), 'terminal.open', 'terminal.end', 'terminal.close'])(
  '%s has words',
  (action) => {
    expect(actWord(action)).not.toBe(action)
  },
)

it('lets a terminal that closed by itself be filtered by, which nobody may do', () => {
  expect(AUDITED_ACTIONS).toContain('terminal.close')
})

it('names an act that it does not know as the log does', () => {
  expect(actWord('some.thing.else')).toBe('some.thing.else')
})

it('says of which instance a command is', () => {
  expect(targetWord({ targetKind: 'command', targetId: 'cmd_1', targetName: 'forge' })).toBe('Command of forge')
  expect(targetWord({ targetKind: 'command', targetId: 'cmd_1', targetName: null })).toBe('cmd_1')
})
