// Phrases of the pieces that many screens share.
export const ui = {
  close: 'Close',
  again: 'Try again',
  loading: 'Loading',
  unreachable: 'The console did not answer.',
  new: '{n} new',
  filter: {
    clear: 'Clear the filter: {label}',
    none: 'Clear filters',
  },
  password: {
    show: 'Show the password',
    hide: 'Hide the password',
  },
  theme: {
    system: 'As the system',
    light: 'Light',
    dark: 'Dark',
  },
  status: {
    RUNNING: 'Running',
    STALE: 'Stale',
    OFFLINE: 'Offline',
    DEPLOYING: 'Deploying',
    SUSPENDED: 'Suspended',
    STOPPED: 'Stopped',
    ERROR: 'Error',
    DESTROYING: 'Destroying',
    DESTROYED: 'Destroyed',
    UNKNOWN: 'Unknown',
  },
  /** The provider of machines that nobody provides; the others have names. */
  local: 'Local',
  justNow: 'just now',
  ago: '{time} ago',
  time: {
    label: 'Time',
    hour: 'Last hour',
    day: 'Last 24 hours',
    week: 'Last 7 days',
    month: 'Last 30 days',
    from: 'From',
    to: 'To',
    since: 'Since {at}',
    before: 'Before {at}',
    zone: 'Times of {zone}',
  },
  copy: {
    act: 'Copy',
    done: 'Copied',
    refused: 'Select it: the browser refused',
  },
  shownOnce: 'It will not be shown again.',
  older: {
    act: 'Load older',
    loading: 'Loading…',
    fault: 'Older ones could not be loaded',
  },
  confirm: {
    type: 'Type {name} to confirm',
  },
} as const
