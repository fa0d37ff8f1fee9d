// The size of a terminal, kept within what programs and the console can handle.
import { LIMITS } from '@sindri/schema/contract/limits'

export interface Size {
  cols: number
  rows: number
}

const clamp = (value: number, [least, most]: readonly [number, number]): number =>
  Math.min(most, Math.max(least, Math.trunc(value) || least))

export const toSize = ({ cols, rows }: Size): Size => ({
  cols: clamp(cols, LIMITS.terminalColumns),
  rows: clamp(rows, LIMITS.terminalRows),
})

export const isSameSize = (a: Size, b: Size): boolean => a.cols === b.cols && a.rows === b.rows
