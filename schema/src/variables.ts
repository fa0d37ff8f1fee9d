// Environment variables, as they are given to shells and commands.
import { builder } from './builder.ts'

export interface Variable {
  name: string
  value: string
}

export const VariableInput = builder.inputType('VariableInput', {
  description: 'An environment variable.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Its name.' }),
    value: t.string({ required: true, description: 'Its value.' }),
  }),
})

export const VariableRef = builder.objectRef<Variable>('Variable').implement({
  description: 'An environment variable.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    value: t.exposeString('value', { description: 'Its value.' }),
  }),
})
