// What was typed into the form, as the console takes it, or which field cannot be taken and why.
import { LIMITS } from '@sindri/schema/contract/limits'
import type { RunCommandInput } from '../graph/gql/graphql.ts'
import { toBase64 } from '../platform/base64.ts'
import { t } from '../words/words.ts'

export interface CommandFields {
  command: string
  /** A line for the shell, or a program that is started without one. */
  by: 'shell' | 'program'
  /** One a line. */
  args: string
  cwd: string
  /** NAME=value, one a line. */
  env: string
  stdin: string
  /** Seconds. */
  timeout: string
}
export type FieldFaults = Partial<Record<keyof CommandFields, string>>

export const emptyFields = (): CommandFields => ({
  command: '',
  by: 'shell',
  args: '',
  cwd: '',
  env: '',
  stdin: '',
  timeout: String(LIMITS.commandDefaultTimeoutMs / 1000),
})

/** How many besides the line differ from what an untouched form has: they are in force, seen or not. */
export const countSet = (fields: CommandFields): number => {
  const empty = emptyFields()
  const besides = ['by', 'cwd', 'env', 'stdin', 'timeout'] as const
  return besides.filter((name) => fields[name].trim() !== empty[name]).length
}

/** The end of the last line begins no further one. */
const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/
const variableOf = (line: string): { name: string; value: string } | undefined => {
  const at = line.indexOf('=')
  const name = line.slice(0, Math.max(0, at)).trim()
  return NAME.test(name) ? { name, value: line.slice(at + 1) } : undefined
}

const [least, most] = LIMITS.commandTimeoutMs.map((ms) => ms / 1000)

export const toInput = (
  fields: CommandFields,
  instanceId: string,
): { input: RunCommandInput; faults?: never } | { faults: FieldFaults; input?: never } => {
  const faults: FieldFaults = {}
  const command = fields.command.trim()
  if (command === '') faults.command = t('commands.form.commandFault')

  const lines = linesOf(fields.env).filter((line) => line.trim() !== '')
  const wrong = lines.find((line) => !variableOf(line))
  if (wrong !== undefined) faults.env = t('commands.form.envFault', { got: wrong.slice(0, 40) })

  const bytes = new TextEncoder().encode(fields.stdin)
  if (bytes.length > LIMITS.commandStdinBytes)
    faults.stdin = t('commands.form.stdinFault', {
      most: LIMITS.commandStdinBytes / 1024,
      got: Math.ceil(bytes.length / 1024),
    })

  const seconds = Number(fields.timeout.trim().replace(',', '.'))
  if (fields.timeout.trim() === '' || !(seconds >= least! && seconds <= most!))
    faults.timeout = t('commands.form.timeoutFault', {
      least: least!,
      most: most!,
      got: fields.timeout.trim() || t('commands.form.none'),
    })

  if (Object.keys(faults).length > 0) return { faults }
  return {
    input: {
      instanceId,
      command,
      args: fields.by === 'program' ? linesOf(fields.args) : null,
      cwd: fields.cwd.trim() || null,
      env: lines.flatMap((line) => variableOf(line) ?? []),
      stdin: bytes.length > 0 ? toBase64(bytes) : null,
      timeoutMs: Math.round(seconds * 1000),
    },
  }
}
