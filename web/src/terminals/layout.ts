// The arrangement of terminals on the page: tabs, each a tree of splits, in which a terminal stands in one place at most.

/** `row`: side by side; `column`: one above the other. */
export type Way = 'row' | 'column'
export interface Split {
  readonly way: Way
  /** What the first takes of the whole, 0.1 to 0.9. */
  readonly share: number
  readonly first: Tree
  readonly second: Tree
}
/** The id of a terminal, or two of these. */
export type Tree = string | Split
export interface Tab {
  readonly tree: Tree
  /** The pane that has the keyboard while the tab is shown. */
  readonly focused: string
}
export interface Layout {
  readonly tabs: readonly Tab[]
  /** Index of the tab that is shown; 0 where there is none. */
  readonly active: number
}

export const noLayout: Layout = { tabs: [], active: 0 }
export const LEAST_SHARE = 0.1

/** In reading order. */
export const panesOf = (tree: Tree): string[] =>
  typeof tree === 'string' ? [tree] : [...panesOf(tree.first), ...panesOf(tree.second)]
export const allPanes = (layout: Layout): string[] => layout.tabs.flatMap(({ tree }) => panesOf(tree))
export const tabOf = (layout: Layout, id: string): number =>
  layout.tabs.findIndex(({ tree }) => panesOf(tree).includes(id))
/** The terminal that has the keyboard; undefined without any. */
export const focusedPane = (layout: Layout): string | undefined => layout.tabs[layout.active]?.focused

const replaceTab = (layout: Layout, at: number, tab: Tab): Layout => ({
  ...layout,
  tabs: layout.tabs.map((old, index) => (index === at ? tab : old)),
})

/** Shows the pane and gives it the keyboard. */
export const focusPane = (layout: Layout, id: string): Layout => {
  const at = tabOf(layout, id)
  const tab = layout.tabs[at]
  if (!tab || (at === layout.active && tab.focused === id)) return layout
  return { ...replaceTab(layout, at, { ...tab, focused: id }), active: at }
}

const without = (tree: Tree, id: string): Tree | undefined => {
  if (typeof tree === 'string') return tree === id ? undefined : tree
  const first = without(tree.first, id)
  const second = without(tree.second, id)
  if (first === undefined || second === undefined) return first ?? second
  return first === tree.first && second === tree.second ? tree : { ...tree, first, second }
}

/** What stood beside it takes its place, and the keyboard; an empty tab goes, and the one before it is shown. */
export const closePane = (layout: Layout, id: string): Layout => {
  const at = tabOf(layout, id)
  const tab = layout.tabs[at]
  if (!tab) return layout
  const tree = without(tab.tree, id)
  if (tree === undefined) {
    const tabs = layout.tabs.filter((_, index) => index !== at)
    const active = layout.active >= at ? Math.max(0, layout.active - 1) : layout.active
    return { tabs, active: at === layout.active ? Math.min(at, Math.max(0, tabs.length - 1)) : active }
  }
  const order = panesOf(tab.tree)
  const neighbour = order[order.indexOf(id) - 1] ?? order[order.indexOf(id) + 1] ?? id
  return replaceTab(layout, at, { tree, focused: tab.focused === id ? neighbour : tab.focused })
}

/** A tab of its own at the end; a terminal that is shown already is only shown. */
export const openTab = (layout: Layout, id: string): Layout =>
  tabOf(layout, id) >= 0
    ? focusPane(layout, id)
    : { tabs: [...layout.tabs, { tree: id, focused: id }], active: layout.tabs.length }

const splitTree = (tree: Tree, at: string, way: Way, id: string): Tree => {
  if (typeof tree === 'string') return tree === at ? { way, share: 0.5, first: tree, second: id } : tree
  return { ...tree, first: splitTree(tree.first, at, way, id), second: splitTree(tree.second, at, way, id) }
}

/** Beside or below the pane `at`; taken from where it stood, if it did. */
export const splitPane = (layout: Layout, at: string, way: Way, id: string): Layout => {
  if (at === id || tabOf(layout, at) < 0) return layout
  const rest = closePane(layout, id)
  const tab = rest.tabs[tabOf(rest, at)]
  if (!tab) return layout
  return focusPane(replaceTab(rest, tabOf(rest, at), { ...tab, tree: splitTree(tab.tree, at, way, id) }), id)
}

/** Out of its split, behind the tab it was in. */
export const toOwnTab = (layout: Layout, id: string): Layout => {
  const at = tabOf(layout, id)
  const tab = layout.tabs[at]
  if (!tab || typeof tab.tree === 'string') return layout
  const { tabs } = closePane(layout, id)
  return { tabs: tabs.toSpliced(at + 1, 0, { tree: id, focused: id }), active: at + 1 }
}

/** The pane `by` places further, round and round through every tab. */
export const besides = (layout: Layout, id: string, by: 1 | -1): string => {
  const order = allPanes(layout)
  return order.at((order.indexOf(id) + by) % order.length) ?? id
}

export const showTab = (layout: Layout, at: number): Layout => (layout.tabs[at] ? { ...layout, active: at } : layout)

export const moveTab = (layout: Layout, at: number, by: 1 | -1): Layout => {
  const [tab, to] = [layout.tabs[at], at + by]
  if (!tab || !layout.tabs[to]) return layout
  const shown = layout.tabs[layout.active]
  const tabs = layout.tabs.toSpliced(at, 1).toSpliced(to, 0, tab)
  return { tabs, active: shown ? tabs.indexOf(shown) : 0 }
}

const shareIn = (tree: Tree, path: string, share: number): Tree => {
  if (typeof tree === 'string') return tree
  if (path === '') return { ...tree, share: Math.min(1 - LEAST_SHARE, Math.max(LEAST_SHARE, share)) }
  const side = path.startsWith('1') ? 'first' : 'second'
  return { ...tree, [side]: shareIn(tree[side], path.slice(1), share) }
}

/** `path` leads from the root of the shown tab to the split: "1" into its first part, "2" into its second. */
export const setShare = (layout: Layout, path: string, share: number): Layout => {
  const tab = layout.tabs[layout.active]
  return tab ? replaceTab(layout, layout.active, { ...tab, tree: shareIn(tab.tree, path, share) }) : layout
}
