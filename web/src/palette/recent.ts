// The instances looked at last, kept in this browser for the user who looked.
const KEY = 'sindri.recent'
const most = 6

export interface Visited {
  id: string
  name: string
}

const isVisited = (value: unknown): value is Visited =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Visited).id === 'string' &&
  typeof (value as Visited).name === 'string'

interface Stored {
  user: string
  visited: Visited[]
}

const read = (): Stored => {
  try {
    const { user, visited } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Stored>
    return { user: String(user), visited: Array.isArray(visited) ? visited.filter(isVisited).slice(0, most) : [] }
  } catch {
    return { user: '', visited: [] }
  }
}

/** Newest first; none of another user's. */
export const recentOf = (user: string): Visited[] => {
  const stored = read()
  return stored.user === user ? stored.visited : []
}

export const remember = (user: string, { id, name }: Visited): void => {
  const visited = [{ id, name }, ...recentOf(user).filter((one) => one.id !== id)].slice(0, most)
  localStorage.setItem(KEY, JSON.stringify({ user, visited } satisfies Stored))
}
