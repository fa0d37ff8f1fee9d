// The distribution's name as /etc/os-release has it.

/** ID, such as "debian". Values may stand in quotes. */
export function parseDistro(text: string): string | null {
  const value = /^ID=(.*)$/m.exec(text)?.[1]?.trim()
  return value?.replace(/^(["'])(.*)\1$/, '$2').slice(0, 64) || null
}
