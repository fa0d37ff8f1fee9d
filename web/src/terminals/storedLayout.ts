// The arrangement as this browser keeps it: what somebody else wrote, or an older page, is checked and otherwise forgotten.
import { type Layout, LEAST_SHARE, noLayout, panesOf, type Tab, type Tree } from './layout.ts'

const terminalId = /^trm_[0-9A-Za-z]{1,40}$/
/** Deeper than anybody can see, and shallow enough for a loop that calls itself. */
const DEEPEST = 12
/** More would only be somebody else's joke. */
const MOST_TABS = 100

export const isTerminalId = (value: unknown): value is string => typeof value === 'string' && terminalId.test(value)

const toTree = (value: unknown, seen: Set<string>, depth: number): Tree | undefined => {
  if (isTerminalId(value)) {
    if (seen.has(value)) return undefined
    seen.add(value)
    return value
  }
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return undefined
  const { way, share, first, second } = value as Record<string, unknown>
  const [one, two] = [toTree(first, seen, depth + 1), toTree(second, seen, depth + 1)]
  if (one === undefined || two === undefined) return one ?? two
  if (way !== 'row' && way !== 'column') return undefined
  const isShare = typeof share === 'number' && share >= LEAST_SHARE && share <= 1 - LEAST_SHARE
  return { way, share: isShare ? share : 0.5, first: one, second: two }
}

export const fromStored = (text: string | null): Layout => {
  let value: unknown
  try {
    value = JSON.parse(text ?? '')
  } catch {
    return noLayout
  }
  if (typeof value !== 'object' || value === null) return noLayout
  const { tabs: stored, active } = value as Record<string, unknown>
  if (!Array.isArray(stored)) return noLayout
  const seen = new Set<string>()
  const tabs = stored.slice(0, MOST_TABS).flatMap((tab: unknown): Tab[] => {
    if (typeof tab !== 'object' || tab === null) return []
    const { tree: storedTree, focused } = tab as Record<string, unknown>
    const tree = toTree(storedTree, seen, 0)
    if (tree === undefined) return []
    const panes = panesOf(tree)
    return [{ tree, focused: panes.find((id) => id === focused) ?? panes[0] ?? '' }]
  })
  const isActive = typeof active === 'number' && tabs[active] !== undefined
  return { tabs, active: isActive ? active : 0 }
}

export const toStored = (layout: Layout): string => JSON.stringify(layout)
