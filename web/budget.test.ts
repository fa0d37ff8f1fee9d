import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { firstLoad, type Piece } from './budget.ts'

const piece = (code: string, more: Partial<Piece & { type: 'chunk' }> = {}): Piece => ({
  type: 'chunk',
  isEntry: false,
  imports: [],
  moduleIds: [],
  code,
  ...more,
})
/** Bytes that no compression makes fewer. */
const noise = (bytes: number) => randomBytes(bytes / 2).toString('hex')

test('the entry counts with all that it imports, each once, and nothing that is asked for later', () => {
  const alone = firstLoad({ 'index.js': piece('a', { isEntry: true }) })
  const three = firstLoad({
    'index.js': piece('a', { isEntry: true, imports: ['b.js', 'c.js'] }),
    'b.js': piece('b', { imports: ['c.js'] }),
    'c.js': piece('c', { imports: ['b.js'] }),
    'later.js': piece(noise(900_000), { moduleIds: ['/x/node_modules/apexcharts/a.js'] }),
    'a.css': { type: 'asset' },
  })
  expect(three).toBe(3 * alone)
})

test.each([
  ['is too large', piece(noise(600_000)), 'at most 250000 bytes compressed, got'],
  ['holds xterm', piece('', { moduleIds: ['/x/node_modules/@xterm/xterm/x.mjs'] }), '@xterm'],
  ['holds the charts', piece('', { moduleIds: ['/x/node_modules/apexcharts/a.js'] }), 'apexcharts'],
  ['holds the palette', piece('', { moduleIds: ['/x/web/src/palette/PaletteDialog.vue'] }), 'PaletteDialog'],
])('a first load that %s is refused', (_, imported, said) => {
  const bundle = { 'index.js': piece('', { isEntry: true, imports: ['b.js'] }), 'b.js': imported }
  expect(() => firstLoad(bundle)).toThrow(said)
})

test('a bundle without an entry is not a small one', () => expect(() => firstLoad({})).toThrow('got 0 in 0 files'))
