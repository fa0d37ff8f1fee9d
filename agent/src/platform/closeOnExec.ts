// Keeps terminals apart: a program must not inherit the descriptors through which the agent holds the other ones.
import { canExecute } from './executable.ts'

export interface Call {
  file: string
  args: string[]
}

/** Of the common shells only bash closes descriptors of more than one digit. */
const closer = '/bin/bash'

/**
 * node-pty leaves the masters open across the fork on Linux, and Node has no call to mark them. So where there are
 * others, bash closes them first and then becomes the program, under the same process number. `-p` keeps it from
 * reading BASH_ENV. On a machine without bash they stay inherited; all terminals belong to one user anyway.
 */
export function closingDescriptors(call: Call, descriptors: ReadonlySet<number>): Call {
  if (descriptors.size === 0 || process.platform !== 'linux' || !canExecute(closer)) return call
  const closes = [...descriptors].map((descriptor) => `${descriptor}>&-`).join(' ')
  return { file: closer, args: ['-p', '-c', `exec ${closes}; exec "$0" "$@"`, call.file, ...call.args] }
}
