// The agreement between console and agent about the link itself: version, close codes, the shapes of the handshake.

/** A different major is refused; the minor says which optional fields the console knows. */
export const PROTOCOL = { major: 1, minor: 1 } as const

/**
 * Input fields that came after 1.0, as "Type.field", with their minor: an agent leaves out what its console does not know yet, since
 * GraphQL refuses unknown fields. None so far; schema/src/wire.test.ts demands an entry for each that is added.
 */
export const ADDED_IN_MINOR: Readonly<Record<string, number>> = {}

/** What came after 1.0 with orders, mutations and inputs of its own, and its minor: neither side speaks of it to one that is older. */
export const SINCE_MINOR = { commands: 1 } as const

/** Response header of the WebSocket upgrade that carries the fresh nonce (base64url, 32 bytes) an agent signs. */
export const NONCE_HEADER = 'sindri-nonce'

/** What an agent signs with its Ed25519 key: bound to the socket (nonce), the instance and the run. UTF-8. */
export const linkStatement = (nonce: string, instance: string, run: string): string =>
  `sindri-link-v1\n${nonce}\n${instance}\n${run}`

/** What an agent signs when it enrols: proves that it holds the key it enrols. */
export const enrolStatement = (instanceId: string, publicKey: string): string =>
  `sindri-enrol-v1\n${instanceId}\n${publicKey}`

/** Payload of `connection_init` of an agent. */
export interface AgentInit {
  kind: 'agent'
  protocolVersion: string
  /** "ins_…", as enrolment answered it. */
  instance: string
  /** Agent JWT; may have expired, since the signature renews it. */
  token: string
  /** ULID of this run of the agent process. */
  run: string
  /** base64url Ed25519 signature over `linkStatement`. */
  signature: string
  agentVersion: string
  hostname: string
  heartbeatMs: number
  metricsMs: number
  /** Conditions the agent wants shown, such as a spool that is only in memory. */
  notices: string[]
}

/** Payload of `connection_init` of a program with an API key. Browsers send none: their cookie speaks. */
export interface KeyInit {
  kind: 'key'
  key: string
}

/** Payload of `connection_ack` to an agent. */
export interface AgentAck {
  protocolVersion: string
  consoleVersion: string
  /** Milliseconds since 1970 by the console's clock when the acknowledgement was sent. */
  consoleTime: number
  token: string
  tokenExpiresAt: number
  /** Signed by the agent to renew the token over this link. */
  renewNonce: string
  epoch: number
  heartbeatMs: number
  metricsMs: number
}

interface CloseKind {
  code: number
  /** true: connecting again cannot help; the agent stops and says why. */
  fatal: boolean
  meaning: string
}

/** Close codes beside those of graphql-transport-ws (4400–4429). */
export const CLOSE = {
  UNAUTHENTICATED: { code: 4401, fatal: false, meaning: 'No valid credential, or it ended; sign in again.' },
  FORBIDDEN: { code: 4403, fatal: true, meaning: 'This origin or principal may not connect.' },
  TOKEN_REJECTED: { code: 4460, fatal: false, meaning: 'The agent must enrol again.' },
  VERSION: { code: 4461, fatal: true, meaning: 'Different major version of the protocol.' },
  SUPERSEDED: { code: 4462, fatal: false, meaning: 'A newer link of the same agent took over.' },
  DUPLICATE_INSTANCE: { code: 4463, fatal: false, meaning: 'A clone holds the link; try again after 60 s.' },
  INSTANCE_REMOVED: { code: 4464, fatal: true, meaning: 'The instance was removed from the console.' },
  SLOW_CONSUMER: { code: 4465, fatal: false, meaning: 'The peer read too slowly.' },
  TOO_LARGE: { code: 1009, fatal: false, meaning: 'A frame was larger than 1 MiB.' },
  RESTARTING: { code: 4466, fatal: false, meaning: 'The console restarts; come back within 10 s.' },
} as const satisfies Record<string, CloseKind>

export type CloseName = keyof typeof CLOSE

export const closeKind = (code: number): { name: CloseName; fatal: boolean; meaning: string } | undefined => {
  const found = Object.entries(CLOSE).find(([, kind]) => kind.code === code)
  return found && { name: found[0] as CloseName, fatal: found[1].fatal, meaning: found[1].meaning }
}
