// Phrases of the palette.
export const palette = {
  name: 'Search or run',
  placeholder: 'An instance, a place or an action',
  results: 'Results',
  close: 'Close',
  recent: 'Recent',
  instances: 'Instances',
  actsOn: 'Actions on {name}',
  acts: 'Actions',
  goTo: 'Go to',
  all: 'Show the one instance in the list | Show all {n} instances in the list',
  nothing: 'Nothing answers to “{words}”.',
  fault: 'Instances could not be searched. {message}',
  move: 'move',
  take: 'open',
  group: 'next group',
  prefixes: 'Type {acts} for actions, {tags} for tags',
} as const
