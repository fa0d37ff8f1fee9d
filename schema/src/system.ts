// The console itself: versions, clock, and how machines enrol.
import { builder } from './builder.ts'
import { PROTOCOL } from './contract/protocol.ts'
import type { Viewer } from './context.ts'

export interface ConsoleInfo {
  version: string
  time: Date
  database: string
  bus: string
}

export interface Enrolment {
  /** Address agents dial: SINDRI_PUBLIC_URL, else where the console listens. */
  consoleUrl: string
  /** Nothing but this machine can reach the console. */
  loopbackOnly: boolean
}

export interface System {
  info(): ConsoleInfo
  enrolment(): Enrolment
  revealEnrolmentSecret(viewer: Viewer): Promise<string>
}

const ConsoleRef = builder.objectRef<ConsoleInfo>('Console').implement({
  description: 'This console.',
  fields: (t) => ({
    version: t.exposeString('version', { description: 'Version of the console.' }),
    protocolVersion: t.string({
      description: 'Version of the agent protocol.',
      resolve: () => `${PROTOCOL.major}.${PROTOCOL.minor}`,
    }),
    time: t.expose('time', { type: 'DateTime', description: 'Its clock when it answered.' }),
    database: t.exposeString('database', { description: '"PGlite" (embedded) or "PostgreSQL", with its version.' }),
    bus: t.exposeString('bus', { description: '"memory" or "Redis".' }),
  }),
})

const EnrolmentRef = builder.objectRef<Enrolment>('Enrolment').implement({
  description: 'What a machine needs to enrol.',
  fields: (t) => ({
    consoleUrl: t.exposeString('consoleUrl', { description: 'Goes into SINDRI_CONSOLE_URL.' }),
    loopbackOnly: t.exposeBoolean('loopbackOnly', {
      description: 'Whether only the machine of the console can reach that address.',
    }),
  }),
})

builder.queryFields((t) => ({
  console: t.field({
    type: ConsoleRef,
    can: 'instance.read',
    description: 'This console.',
    resolve: (_, __, { system }) => system.info(),
  }),
  enrolment: t.field({
    type: EnrolmentRef,
    can: 'enrolment.read',
    description: 'How machines enrol.',
    resolve: (_, __, { system }) => system.enrolment(),
  }),
}))

builder.mutationField('revealEnrolmentSecret', (t) =>
  t.string({
    can: 'enrolment.reveal',
    audit: 'entry',
    description: 'The bootstrap secret, which opens enrolment and nothing else. Each reveal is audited.',
    resolve: (_, __, { viewer, system }) => system.revealEnrolmentSecret(viewer),
  }),
)
