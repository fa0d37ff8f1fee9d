// Events of this machine, as the outbox takes them.

export interface AgentEvent {
  type: 'EXTENSION_INSTALL' | 'EXTENSION_REMOVE' | 'CONFIG_CHANGED' | 'ERROR'
  /** One sentence. */
  message: string
  metadata: Readonly<Record<string, unknown>>
  /** Console time. */
  atMs: number
}

export interface EventSink {
  record(event: AgentEvent): void
  /** Resolves when what was recorded is as safe as it gets. */
  flush(): Promise<void>
}
