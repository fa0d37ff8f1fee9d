// Programs for a terminal, as files: each waits for a key before it begins, so that its start takes no part in what is measured.
import { writeFileSync } from 'node:fs'
import path from 'node:path'

/** What the terminal shows when the program waits. */
export const READY = 'ready to begin'

/** `body` is for /bin/sh; nothing that is typed is echoed. */
export function writeScript(folder: string, name: string, body: string): string {
  const file = path.join(folder, `${name}.sh`)
  writeFileSync(file, `stty -echo\nprintf '${READY}'\nread -r _\n${body}\n`)
  return file
}
