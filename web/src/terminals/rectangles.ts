// Where each pane of a tab stands, in parts of the whole: panes lie flat in one place, so that none is built anew when it moves.
import type { Tree, Way } from './layout.ts'

/** Each from 0 to 1. */
export interface Rectangle {
  left: number
  top: number
  width: number
  height: number
}
export interface Divider extends Rectangle {
  /** To the split, as `setShare` takes it. */
  path: string
  way: Way
  share: number
  /** The split it divides: what a share is a part of. */
  whole: Rectangle
}

const all: Rectangle = { left: 0, top: 0, width: 1, height: 1 }

export interface Places {
  panes: Map<string, Rectangle>
  dividers: Divider[]
}

export const placesOf = (tree: Tree): Places => {
  const panes = new Map<string, Rectangle>()
  const dividers: Divider[] = []
  const place = (part: Tree, whole: Rectangle, path: string): void => {
    if (typeof part === 'string') return void panes.set(part, whole)
    const { way, share, first, second } = part
    const { left, top, width, height } = whole
    if (way === 'row') {
      const at = left + width * share
      dividers.push({ path, way, share, whole, left: at, top, width: 0, height })
      place(first, { ...whole, width: width * share }, `${path}1`)
      place(second, { ...whole, left: at, width: width * (1 - share) }, `${path}2`)
    } else {
      const at = top + height * share
      dividers.push({ path, way, share, whole, left, top: at, width, height: 0 })
      place(first, { ...whole, height: height * share }, `${path}1`)
      place(second, { ...whole, top: at, height: height * (1 - share) }, `${path}2`)
    }
  }
  place(tree, all, '')
  return { panes, dividers }
}
