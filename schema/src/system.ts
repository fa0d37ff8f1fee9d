// The console itself: versions, clock, and how machines enrol.
import { builder } from './builder.ts'
import { PROTOCOL } from './contract/protocol.ts'
import type { Viewer } from './context.ts'

export interface ConsoleInfo {
  version: string
  nodeVersion: string
  startedAt: Date
  time: Date
  database: string
  bus: string
}

export const HEALTH_STATES = ['READY', 'DEGRADED', 'UNREADY'] as const
export const HEALTH_PARTS = ['DATABASE', 'BUS', 'MIGRATIONS'] as const

export interface HealthPart {
  name: (typeof HEALTH_PARTS)[number]
  isUp: boolean
  tookMs: number | null
  reason: string | null
}

export interface Health {
  state: (typeof HEALTH_STATES)[number]
  parts: HealthPart[]
}

export interface Setting {
  /** Name of the environment variable. */
  variable: string
  /** In force now; null for "none" and for secrets. */
  value: string | null
  isSet: boolean
  isSecret: boolean
}

export interface Retention {
  sampleDays: number
  rollupDays: number
  eventDays: number
  endedSessionDays: number
}

export interface Settings {
  variables: Setting[]
  retention: Retention
}

export interface Enrolment {
  /** Address agents dial: SINDRI_PUBLIC_URL, else where the console listens. */
  consoleUrl: string
  /** Nothing but this machine can reach the console. */
  loopbackOnly: boolean
}

export interface System {
  info(): ConsoleInfo
  health(): Promise<Health>
  healthChanges(): AsyncIterable<Health>
  settings(): Settings
  enrolment(): Enrolment
  revealEnrolmentSecret(viewer: Viewer): Promise<string>
}

const HealthStateEnum = builder.enumType('HealthState', {
  description: 'How the console is as a whole.',
  values: {
    READY: { description: 'All of it answers.' },
    DEGRADED: { description: 'It serves, but other replicas hear nothing of it.' },
    UNREADY: { description: 'It cannot serve.' },
  },
})
const HealthPartEnum = builder.enumType('HealthPartName', {
  description: 'A part the console stands on.',
  values: {
    DATABASE: { description: 'Where everything is kept.' },
    BUS: { description: 'The way to other replicas.' },
    MIGRATIONS: { description: 'Whether the database has the tables of this version.' },
  },
})

const HealthPartRef = builder.objectRef<HealthPart>('HealthPart').implement({
  description: 'How a part is.',
  fields: (t) => ({
    name: t.expose('name', { type: HealthPartEnum, description: 'Which part.' }),
    isUp: t.exposeBoolean('isUp', { description: 'Whether it answered within 2 s.' }),
    tookMs: t.exposeInt('tookMs', { nullable: true, description: 'How long its answer took, in milliseconds.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it is not up.' }),
  }),
})

const HealthRef = builder.objectRef<Health>('Health').implement({
  description: 'How the console is, asked of each part at this moment. The same as GET /readyz.',
  fields: (t) => ({
    state: t.expose('state', { type: HealthStateEnum, description: 'As a whole.' }),
    parts: t.expose('parts', { type: [HealthPartRef], description: 'Part by part.' }),
  }),
})

const ConsoleRef = builder.objectRef<ConsoleInfo>('Console').implement({
  description: 'This console.',
  fields: (t) => ({
    version: t.exposeString('version', { description: 'Version of the console.' }),
    protocolVersion: t.string({
      description: 'Version of the agent protocol.',
      resolve: () => `${PROTOCOL.major}.${PROTOCOL.minor}`,
    }),
    nodeVersion: t.exposeString('nodeVersion', { description: 'Version of Node.js it runs on.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When this replica started.' }),
    health: t.field({
      type: HealthRef,
      description: 'How it is now, part by part.',
      resolve: (_, __, { system }) => system.health(),
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

const SettingRef = builder.objectRef<Setting>('Setting').implement({
  description: 'A setting of the console. All of them come from the environment and hold until the next start.',
  fields: (t) => ({
    variable: t.exposeString('variable', { description: 'The environment variable that sets it.' }),
    value: t.exposeString('value', {
      nullable: true,
      description: 'What is in force, without passwords; null for none, and for secrets.',
    }),
    isSet: t.exposeBoolean('isSet', { description: 'Whether the environment sets it; else it is the default.' }),
    isSecret: t.exposeBoolean('isSecret', { description: 'Whether its value is never shown here.' }),
  }),
})

const RetentionRef = builder.objectRef<Retention>('Retention').implement({
  description: 'How long is kept what grows by itself. The audit log is kept for ever.',
  fields: (t) => ({
    sampleDays: t.exposeInt('sampleDays', { description: 'Samples, in days.' }),
    rollupDays: t.exposeInt('rollupDays', { description: 'Hourly figures made of samples, in days.' }),
    eventDays: t.exposeInt('eventDays', { description: 'Events, in days.' }),
    endedSessionDays: t.exposeInt('endedSessionDays', { description: 'Sessions after their end, in days.' }),
  }),
})

const SettingsRef = builder.objectRef<Settings>('Settings').implement({
  description: 'How this console is set up.',
  fields: (t) => ({
    variables: t.expose('variables', { type: [SettingRef], description: 'What the environment sets or could set.' }),
    retention: t.expose('retention', { type: RetentionRef, description: 'How long things are kept.' }),
  }),
})

builder.queryFields((t) => ({
  settings: t.field({
    type: SettingsRef,
    can: 'settings.read',
    description: 'How this console is set up. Never holds a secret.',
    resolve: (_, __, { system }) => system.settings(),
  }),
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

builder.subscriptionField('healthChanged', (t) =>
  t.field({
    type: HealthRef,
    can: 'instance.read',
    description: 'How the console that this page is connected to is: now, and whenever it is another, within 7 s.',
    subscribe: (_, __, { system }) => system.healthChanges(),
    resolve: (health) => health,
  }),
)

builder.mutationField('revealEnrolmentSecret', (t) =>
  t.string({
    can: 'enrolment.reveal',
    audit: 'entry',
    description: 'The bootstrap secret, which opens enrolment and nothing else. Each reveal is audited.',
    resolve: (_, __, { viewer, system }) => system.revealEnrolmentSecret(viewer),
  }),
)
