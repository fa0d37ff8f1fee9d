// What the palette offers: places and acts come from the shell, instances from the console.
import type { RouteLocationRaw } from 'vue-router'
import type { GlyphName } from '../ui/glyphs.ts'

export interface PaletteEntry {
  /** Unique among all that can show at once. */
  id: string
  title: string
  /** Said beside the title. */
  note?: string | undefined
  /** Found by these, too, though they are not shown. */
  others?: string | undefined
  icon?: string | undefined
  glyph?: GlyphName | undefined
  /** Shown on the right: what else reaches it. */
  keys?: string | undefined
  to?: RouteLocationRaw | undefined
  run?: (() => unknown) | undefined
}

export interface PaletteGroup {
  title: string
  entries: PaletteEntry[]
}
