// Silhouettes of every status on a 14 px grid: shape before hue, so that nothing is lost without colour.

interface Stroke {
  d: string
  /** Width of the line; without it the path is filled. */
  line?: number
  dash?: string
  /** Cut out of the shape below, in the colour of the plate it lies on. */
  cut?: boolean
}

export interface Silhouette {
  tone: 'ok' | 'warn-fill' | 'bad' | 'busy' | 'rest'
  strokes: Stroke[]
  turns?: boolean
}

const ring = (r: number) => `M${7 - r} 7a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`
const slash: Stroke[] = [
  { d: ring(4.75), line: 1.5 },
  { d: 'M3.7 10.3 10.3 3.7', line: 1.5 },
]
const octagon: Stroke[] = [
  { d: 'M4.5 1h5L13 4.5v5L9.5 13h-5L1 9.5v-5Z' },
  { d: 'M7 3.8v3.7M7 8.9v1.5', line: 1.6, cut: true },
]

export const silhouettes = {
  running: { tone: 'ok', strokes: [{ d: ring(4) }] },
  stale: { tone: 'warn-fill', strokes: [{ d: ring(4.75), line: 1.5 }, { d: 'M7 2.25a4.75 4.75 0 0 0 0 9.5Z' }] },
  offline: { tone: 'bad', strokes: slash },
  deploying: {
    tone: 'busy',
    strokes: [{ d: 'M11.75 7A4.75 4.75 0 1 1 7 2.25', line: 1.5 }, { d: 'M6.5 0 10 2.25 6.5 4.5Z' }],
    turns: true,
  },
  suspended: { tone: 'rest', strokes: [{ d: 'M3.5 3H6v8H3.5zM8 3h2.5v8H8z' }] },
  stopped: {
    tone: 'rest',
    strokes: [{ d: 'M4 3h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Z', line: 1.5 }],
  },
  destroying: {
    tone: 'rest',
    strokes: [
      { d: ring(5), line: 1.4, dash: '2.2 1.8' },
      { d: 'm5 5 4 4M9 5 5 9', line: 1.5 },
    ],
  },
  destroyed: { tone: 'rest', strokes: [{ d: 'm3.5 3.5 7 7M10.5 3.5l-7 7', line: 1.6 }] },
  unknown: {
    tone: 'rest',
    strokes: [
      { d: ring(5), line: 1.3, dash: '1.5 1.5' },
      { d: 'M5.6 5.7c.2-1.5 2.8-1.4 2.8.1 0 1-1.4 1-1.4 2M7 8.8v1', line: 1.3 },
    ],
  },
  error: { tone: 'bad', strokes: octagon },
  high: {
    tone: 'warn-fill',
    strokes: [{ d: 'M7 1.2 13.3 12.5H.7Z' }, { d: 'M7 5v3.5M7 9.7v1.4', line: 1.5, cut: true }],
  },
  info: {
    tone: 'rest',
    strokes: [
      { d: ring(5.25), line: 1.3 },
      { d: 'M7 6.3V10M7 3.9v1.2', line: 1.4 },
    ],
  },
  succeeded: { tone: 'ok', strokes: [{ d: 'm2.5 7.5 3 3 6-7', line: 1.8 }] },
  failed: { tone: 'bad', strokes: [{ d: 'm3.5 3.5 7 7M10.5 3.5l-7 7', line: 1.8 }] },
  denied: {
    tone: 'bad',
    strokes: [
      { d: 'M3.6 6h6.8a1 1 0 0 1 1 1v4.5a1 1 0 0 1-1 1H3.6a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1Z' },
      { d: 'M4.6 6.2V4.1a2.4 2.4 0 0 1 4.8 0v2.1', line: 1.5 },
    ],
  },
  queued: { tone: 'rest', strokes: [{ d: 'M1.5 5.7h2.6v2.6H1.5zM5.7 5.7h2.6v2.6H5.7zM9.9 5.7h2.6v2.6H9.9z' }] },
  sent: { tone: 'busy', strokes: [{ d: 'M1.5 7h10.2M7.7 3l4 4-4 4', line: 1.6 }] },
  timedOut: {
    tone: 'rest',
    strokes: [
      { d: ring(5.25), line: 1.4 },
      { d: 'M7 3.8V7l2.2 1.6', line: 1.4 },
    ],
  },
  cancelled: {
    tone: 'rest',
    strokes: [
      { d: ring(5.25), line: 1.4 },
      { d: 'M4.4 7h5.2', line: 1.5 },
    ],
  },
  waiting: {
    tone: 'warn-fill',
    strokes: [
      { d: ring(5.25), line: 1.4 },
      { d: 'M7 3.8V7l2.2 1.6', line: 1.4 },
    ],
  },
} as const satisfies Record<string, Silhouette>

export type GlyphName = keyof typeof silhouettes
