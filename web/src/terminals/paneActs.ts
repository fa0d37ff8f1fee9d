// What can be done with a pane beside typing in it.

export type PaneAct =
  | { kind: 'close' | 'end' | 'search' | 'copy' | 'paste' | 'links' | 'splitOther' | 'ownTab' | 'next' | 'previous' }
  | { kind: 'split'; way: 'row' | 'column' }
  | { kind: 'toTab'; at: number }
  | { kind: 'moveTab'; by: 1 | -1 }

/** What a pane's menu needs to know of its surroundings. */
export interface PaneSurroundings {
  /** It shares its tab with others. */
  inSplit: boolean
  /** There are other panes on the page. */
  several: boolean
  /** Other tabs by the name they show. */
  tabs: readonly { at: number; name: string }[]
  /** Its tab can move there. */
  canMoveTab: { left: boolean; right: boolean }
}
