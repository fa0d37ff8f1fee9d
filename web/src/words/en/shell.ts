// Phrases of the frame around every screen.
export const shell = {
  name: 'Sindri',
  skip: 'Skip to content',
  brand: 'Sindri, to the fleet',
  navigation: 'Main',
  place: {
    instances: 'Instances',
    terminals: 'Terminals',
    settings: 'Settings',
  },
  group: {
    govern: 'Govern',
  },
} as const
