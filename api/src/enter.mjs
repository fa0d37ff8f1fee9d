// The way into the console: plain JavaScript, so that what was compiled at one start, types stripped, is not compiled again at the next. What
// strips types would stay in memory.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Where it cannot be written, nothing is kept, and that is all.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)))
await import('./main.ts')
