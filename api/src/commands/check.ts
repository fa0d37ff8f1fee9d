// What people and programs ask for, and what agents report, checked before it goes anywhere.
import {
  COMMAND_OUTCOMES,
  COMMAND_STREAMS,
  type CommandEnd,
  type CommandRecord,
  type RunCommandInput,
  type Variable,
} from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { isId } from '../platform/ids.ts'
import { objectOf, runOf, seqOf, textOf, wholeOf } from '../platform/records.ts'
import { lineOf } from '../platform/text.ts'
import { variablesOf } from '../platform/variables.ts'

export const noCommand = (id: string): Fault =>
  new Fault('NOT_FOUND', `There is no command ${JSON.stringify(id.slice(0, 40))}.`)

/** What could not be an id is simply not found. */
export const checkCommandId = (id: string): void => {
  if (!isId('command', id)) throw noCommand(id)
}

const longestPath = 4096

export interface Wanted {
  command: string
  args: string[] | null
  cwd: string | null
  env: Variable[]
  stdin: string | null
  stdinBytes: number
  timeoutMs: number
}

const bytesOf = (base64: string): number => Buffer.byteLength(base64, 'base64')

/** The order's own form: absent members are null. */
export const toWanted = (input: RunCommandInput): Wanted => {
  const command = textOf('input.command', input.command, LIMITS.commandChars)
  if (command.trim() === '') throw badInput('input.command', 'a program or a line for the shell', command)
  if (input.args && input.args.length > LIMITS.commandArgs)
    throw badInput('input.args', `at most ${LIMITS.commandArgs} arguments`, input.args.length)
  const args = input.args?.map((arg, index) => textOf(`input.args.${index}`, arg, LIMITS.commandChars)) ?? null
  const chars = [command, ...(args ?? [])].join('').length
  if (chars > LIMITS.commandChars)
    throw badInput('input', `a command and arguments of at most ${LIMITS.commandChars} characters`, chars)
  const [least, most] = LIMITS.commandTimeoutMs
  const timeoutMs = input.timeoutMs ?? LIMITS.commandDefaultTimeoutMs
  if (timeoutMs < least || timeoutMs > most)
    throw badInput('input.timeoutMs', `${least} to ${most} milliseconds`, timeoutMs)
  const env = variablesOf('input.env', input.env, LIMITS.variablesBytes)
  const envBytes = Buffer.byteLength(env.map(({ name, value }) => name + value).join(''))
  if (envBytes > LIMITS.variablesBytes)
    throw badInput('input.env', `at most ${LIMITS.variablesBytes} bytes in all`, envBytes)
  const stdin = input.stdin || null
  const stdinBytes = stdin === null ? 0 : bytesOf(stdin)
  if (stdinBytes > LIMITS.commandStdinBytes)
    throw badInput('input.stdin', `at most ${LIMITS.commandStdinBytes} bytes`, stdinBytes)
  const cwd = input.cwd ? lineOf('input.cwd', input.cwd, 1, longestPath) : null
  return { command, args, cwd, env, stdin, stdinBytes, timeoutMs }
}

const demand = (field: string, value: number | null): number => {
  if (value === null) throw badInput(field, 'a whole number', null)
  return value
}
const oneOf = <T extends string>(field: string, values: readonly T[], value: unknown): T => {
  const found = values.find((each) => each === value)
  if (found === undefined) throw badInput(field, `one of ${values.join(', ')}`, value)
  return found
}
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const outputOf = (value: unknown): CommandRecord['output'] => {
  const { stream, offset, data } = objectOf('output', value)
  if (typeof data !== 'string' || data === '' || !base64.test(data) || bytesOf(data) > LIMITS.commandChunkBytes)
    throw badInput('output.data', `1 to ${LIMITS.commandChunkBytes} bytes as base64 with padding`, data)
  const most = LIMITS.commandOutputBytes - bytesOf(data)
  return {
    stream: oneOf('output.stream', COMMAND_STREAMS, stream),
    offset: demand('output.offset', wholeOf('output.offset', offset, most)),
    data,
  }
}

const endOf = (value: unknown): CommandEnd => {
  const end = objectOf('finished', value)
  const count = (name: 'stdoutBytes' | 'stderrBytes' | 'droppedBytes' | 'durationMs'): number =>
    demand(`finished.${name}`, wholeOf(`finished.${name}`, end[name], Number.MAX_SAFE_INTEGER))
  const words = (name: 'signal' | 'message', most: number): string | null =>
    end[name] === null || end[name] === undefined ? null : textOf(`finished.${name}`, end[name], most)
  return {
    outcome: oneOf('finished.outcome', COMMAND_OUTCOMES, end.outcome),
    exitCode: wholeOf('finished.exitCode', end.exitCode, 2 ** 31 - 1),
    signal: words('signal', 40),
    message: words('message', LIMITS.messageChars),
    stdoutBytes: count('stdoutBytes'),
    stderrBytes: count('stderrBytes'),
    droppedBytes: count('droppedBytes'),
    durationMs: count('durationMs'),
  }
}

export interface CheckedRecord extends CommandRecord {
  /** As UUID. */
  run: string
}

/** Throws the Fault that says why not. */
export const checkRecord = (record: unknown): CheckedRecord => {
  const fields = objectOf('record', record)
  seqOf(fields.seq)
  const { commandId, output, finished } = fields
  if (typeof commandId !== 'string' || !isId('command', commandId))
    throw badInput('commandId', '"cmd_" and 26 characters', commandId)
  if ((output == null) === (finished == null))
    throw badInput('record', 'either output or finished', output == null ? 'none' : 'both')
  return {
    run: runOf(fields.run),
    commandId,
    output: output == null ? null : outputOf(output),
    finished: finished == null ? null : endOf(finished),
  }
}
