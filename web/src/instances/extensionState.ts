// How a state of the ledger looks; states that nobody here knows keep their word.
import type { GlyphName } from '../ui/glyphs.ts'

const GLYPHS: Record<string, GlyphName> = {
  installed: 'succeeded',
  installing: 'deploying',
  upgrading: 'deploying',
  removing: 'deploying',
  failed: 'error',
  error: 'error',
  outdated: 'high',
}

export const extensionGlyph = (state: string): GlyphName => GLYPHS[state.toLowerCase()] ?? 'unknown'
