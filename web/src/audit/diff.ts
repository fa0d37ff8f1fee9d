// What an act changed, line by line: what was, what became, and what stayed, with nested values by their path.

export interface DiffLine {
  sign: '-' | '+' | ' '
  path: string
  value: string
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** "tags.team" → "forge"; an empty object is a value of its own. */
const flatten = (value: unknown, path: string, into: Map<string, string>): Map<string, string> => {
  if (isObject(value) && Object.keys(value).length > 0) {
    for (const [name, inner] of Object.entries(value)) flatten(inner, path ? `${path}.${name}` : name, into)
  } else if (value !== undefined && !(path === '' && value === null)) into.set(path, JSON.stringify(value))
  return into
}

/** In the order of what became, then what is gone. */
export const diffLines = (before: unknown, after: unknown): DiffLine[] => {
  const [was, is] = [flatten(before, '', new Map()), flatten(after, '', new Map())]
  const lines: DiffLine[] = []
  for (const path of new Set([...is.keys(), ...was.keys()])) {
    const [old, now] = [was.get(path), is.get(path)]
    if (old === now) lines.push({ sign: ' ', path, value: now ?? '' })
    else {
      if (old !== undefined) lines.push({ sign: '-', path, value: old })
      if (now !== undefined) lines.push({ sign: '+', path, value: now })
    }
  }
  return lines
}
