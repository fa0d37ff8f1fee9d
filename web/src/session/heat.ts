// The heat at the foot of the sign-in page: cells of a fleet, hotter towards the fire, the same at each visit.

export interface HeatCell {
  x: number
  y: number
  /** 0 idle to 4 busy. */
  heat: number
}

export const HEAT = { columns: 64, rows: 12, pitch: 24, side: 20 } as const

/** A fixed scramble of a cell's place to [0, 1): chance would make every visit another picture. */
const scatter = (x: number, y: number, salt: number): number => {
  let bits = Math.imul(x + 1, 0x9e3779b1) ^ Math.imul(y + 1, 0x85ebca6b) ^ Math.imul(salt, 0xc2b2ae35)
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d)
  bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39)
  return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32
}

export const heatCells = (): HeatCell[] => {
  const cells: HeatCell[] = []
  for (let row = 1; row < HEAT.rows; row++) {
    const depth = row / (HEAT.rows - 1)
    for (let column = 0; column < HEAT.columns; column++) {
      const fromMiddle = Math.abs(column - HEAT.columns / 2) / (HEAT.columns / 2)
      const near = depth * (1 - fromMiddle ** 2 * 0.75)
      if (scatter(column, row, 1) > near ** 1.6 * 0.95) continue
      const heat = Math.min(4, Math.floor(scatter(column, row, 2) ** 1.4 * (near ** 2.2 * 5.4 + 0.9)))
      cells.push({ x: column * HEAT.pitch, y: row * HEAT.pitch, heat })
    }
  }
  return cells
}
