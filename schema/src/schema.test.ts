// What holds for the whole schema: described, guarded, and printed as committed.
import { readFileSync } from 'node:fs'
import { isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql'
import { describe, expect, it } from 'vitest'
import { ACTIONS } from './contract/roles.ts'
import { schema } from './index.ts'
import { printed } from './print.ts'

const ours = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith('__'))
const builtIn = new Set(['String', 'Int', 'Float', 'Boolean', 'ID'])

describe('the schema', () => {
  it('is printed as it is committed', () => {
    expect(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')).toBe(printed())
  })

  it('describes every type, field, argument and value', () => {
    const bare: string[] = []
    const check = (path: string, thing: { description?: string | null | undefined }) => {
      if (!thing.description?.trim()) bare.push(path)
    }
    for (const type of ours) {
      if (!builtIn.has(type.name)) check(type.name, type)
      if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
        for (const field of Object.values(type.getFields())) {
          check(`${type.name}.${field.name}`, field)
          for (const arg of 'args' in field ? field.args : []) check(`${type.name}.${field.name}(${arg.name})`, arg)
        }
      }
    }
    expect(bare).toEqual([])
  })

  it('names its enums in the words of the ecosystem', () => {
    const statuses = schema.getType('InstanceStatus')
    expect(isEnumType(statuses) && statuses.getValues().map((value) => value.name)).toContain('DEPLOYING')
  })

  it('guards every root field by an action, and every mutation by a way to account for it', () => {
    const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]
    const fields = roots.flatMap((root) => Object.values(root?.getFields() ?? {}))
    expect(fields.length).toBeGreaterThan(40)
    for (const field of fields) expect(Object.keys(ACTIONS), field.name).toContain(field.extensions['can'])
    for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
      expect(['entry', 'session', 'agent'], field.name).toContain(field.extensions['audit'])
    }
  })
})
