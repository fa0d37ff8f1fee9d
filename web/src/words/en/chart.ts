// Phrases of every chart over time.
export const chart = {
  asTable: 'Show as table',
  asChart: 'Show as chart',
  table: '{name} as table',
  time: 'Time',
  /** A point that stands for more than one sample: its mean, then the smallest and the largest. */
  spread: '{mean} ({least} to {most})',
  spreadNote: 'Mean, and in brackets the smallest and largest sample.',
  gap: 'no samples, {time}',
  gapAtMost: 'no samples, {time} at most',
  summary: {
    line: '{name} {last}, between {least} and {most}',
    none: 'no samples',
    all: '{name}, {from} to {to}: {lines}.',
    gaps: 'One gap without samples, {longest}. | {n} gaps without samples, the longest {longest}.',
  },
  spark: {
    some: '{name} between {least} and {most}',
    none: '{name} not known',
  },
} as const
