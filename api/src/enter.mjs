// The way into the console: plain JavaScript, so that what was compiled at one start, types stripped, is not compiled again at the next. What
// strips types would stay in memory.
import { enableCompileCache, flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// Where it cannot be written, nothing is kept, and that is all.
enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)))
// By itself it is written at an orderly end alone, and this process may be killed.
setTimeout(flushCompileCache, 10_000).unref()
await import('./main.ts')
