// The parts of an instance's screen, in their order.
export const TABS = ['overview', 'resources', 'terminals', 'commands', 'events', 'details'] as const
export type TabName = (typeof TABS)[number]

export const parseTab = (text: string | undefined): TabName => TABS.find((name) => name === text) ?? 'overview'
