// Paints the squares of a group: heat where an instance runs, else an empty square with the silhouette of its status.
import { type GlyphName, type Silhouette, silhouettes } from '../ui/glyphs.ts'
import { STATUS_GLYPH } from '../ui/instanceWords.ts'
import type { Token } from '../ui/tokens.ts'
import { type Cells, placeOf } from './cells.ts'
import { figureOf, heatOf } from './heat.ts'
import type { Figure, Square } from './squares.ts'

const GLYPH = 14
/** Below this a silhouette cannot be told from another: the square is hollow, in the colour of the status. */
const GLYPH_FROM = 18

const paths = new Map<string, Path2D>()
const pathOf = (d: string): Path2D => {
  const known = paths.get(d)
  if (known) return known
  const path = new Path2D(d)
  paths.set(d, path)
  return path
}

const paintGlyph = (
  pen: CanvasRenderingContext2D,
  name: GlyphName,
  x: number,
  y: number,
  colours: Record<Token, string>,
) => {
  const { tone, strokes }: Silhouette = silhouettes[name]
  pen.save()
  pen.translate(x, y)
  for (const { d, line, dash, cut } of strokes) {
    pen.strokeStyle = cut ? colours.bg : colours[tone]
    pen.fillStyle = colours[tone]
    pen.setLineDash(dash ? dash.split(' ').map(Number) : [])
    if (line === undefined) pen.fill(pathOf(d))
    else {
      pen.lineWidth = line
      pen.stroke(pathOf(d))
    }
  }
  pen.restore()
}

export const paint = (
  canvas: HTMLCanvasElement,
  cells: Cells,
  squares: readonly Square[],
  figure: Figure,
  colours: Record<Token, string>,
  density: number,
): void => {
  canvas.width = Math.ceil(cells.width * density)
  canvas.height = Math.ceil(cells.height * density)
  const pen = canvas.getContext('2d')
  if (!pen) return
  pen.scale(density, density)
  const { side } = cells
  const corner = side >= GLYPH_FROM ? 4 : side >= 12 ? 2 : 0
  squares.forEach((square, at) => {
    const { x, y } = placeOf(cells, at)
    const value = figureOf(square, figure)
    pen.beginPath()
    if (value !== null) {
      pen.roundRect(x, y, side, side, corner)
      pen.fillStyle = colours[heatOf(figure, value)]
      pen.fill()
      return
    }
    const glyph = STATUS_GLYPH[square.status]
    const large = side >= GLYPH_FROM
    const runs = square.status === 'RUNNING'
    pen.roundRect(x + 0.5, y + 0.5, side - 1, side - 1, corner)
    pen.lineWidth = 1
    pen.strokeStyle = large || runs ? colours.line2 : colours[silhouettes[glyph].tone]
    pen.stroke()
    if (large && !runs) paintGlyph(pen, glyph, x + (side - GLYPH) / 2, y + (side - GLYPH) / 2, colours)
  })
}
