// What a browser loads before it shows anything: the build fails where that is too much, or holds what only some screens need.
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const MOST_BYTES = 250_000
/** What waits for the screen that needs it: terminals, charts, the palette. */
const LAZY = /\/node_modules\/(@xterm|apexcharts)\/|\/src\/palette\/PaletteDialog/

export type Piece =
  | { type: 'asset' }
  | { type: 'chunk'; isEntry: boolean; imports: string[]; moduleIds: string[]; code: string }

/** The entry and all that it imports at once; what it asks for later is not of it. */
const firstOf = (bundle: Readonly<Record<string, Piece>>) => {
  const first = new Map<string, Piece & { type: 'chunk' }>()
  const take = (name: string): void => {
    const piece = bundle[name]
    if (piece?.type !== 'chunk' || first.has(name)) return
    first.set(name, piece)
    piece.imports.forEach(take)
  }
  for (const [name, piece] of Object.entries(bundle)) if (piece.type === 'chunk' && piece.isEntry) take(name)
  return [...first.values()]
}

/** The size of the first load, each file compressed as it travels; throws where it breaks the budget. */
export const firstLoad = (bundle: Readonly<Record<string, Piece>>): number => {
  const first = firstOf(bundle)
  const early = first.flatMap(({ moduleIds }) => moduleIds).find((id) => LAZY.test(id))
  if (early) throw new Error(`expected ${early} to be loaded by the screens that need it, got it in the first load`)
  const bytes = first.reduce((sum, { code }) => sum + gzipSync(code).length, 0)
  if (first.length === 0 || bytes > MOST_BYTES)
    throw new Error(
      `expected a first load of at most ${MOST_BYTES} bytes compressed, got ${bytes} in ${first.length} files`,
    )
  return bytes
}

export const budget = (): Plugin => ({
  name: 'budget',
  generateBundle(_, bundle) {
    const bytes = firstLoad(bundle)
    this.info(`first load: ${(bytes / 1000).toFixed(1)} kB compressed`)
  },
})
