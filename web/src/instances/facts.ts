// What an instance reports of itself, each with the source it comes from; null where nothing was reported.
import type { InstanceFactsFragment } from '../graph/gql/graphql.ts'
import { format } from '../ui/format.ts'
import { providerWord, systemWord } from '../ui/instanceWords.ts'
import { t } from '../words/words.ts'

export interface Fact {
  name: string
  /** Where the agent has it from. */
  source: string
  value: string | null
  mono?: boolean
}

const join = (parts: (string | null | undefined)[]): string | null => parts.filter(Boolean).join(', ') || null
const moment = (at: string | null): string | null => (at === null ? null : format.exact(Date.parse(at)))
const versions = (of: readonly { name: string; version: string | null }[] | null): string | null => {
  if (!of) return null
  return join(of.map(({ name, version }) => (version ? `${name} ${version}` : name))) ?? t('instance.facts.none')
}

/** Of the machine itself. */
export const machineFacts = (instance: InstanceFactsFragment): Fact[] => {
  const { geo } = instance
  return [
    {
      name: t('instance.facts.where'),
      source: t('instance.source.provider'),
      value: join([providerWord(instance.provider), instance.region]),
    },
    { name: t('instance.facts.host'), source: t('instance.source.os'), value: instance.hostname },
    { name: t('instance.facts.system'), source: t('instance.source.osRelease'), value: systemWord(instance) },
    { name: t('instance.facts.ssh'), source: t('instance.source.ssh'), value: instance.sshEndpoint, mono: true },
    {
      name: t('instance.facts.place'),
      source: t('instance.source.geo'),
      value: geo && (geo.label ?? `${geo.latitude}, ${geo.longitude}`),
    },
    {
      name: t('instance.facts.configuration'),
      source: t('instance.source.sindriYaml'),
      value: instance.yamlHash,
      mono: true,
    },
    { name: t('instance.facts.enrolled'), source: t('instance.source.console'), value: moment(instance.createdAt) },
  ]
}

/** Of its agent and the link. */
export const agentFacts = (instance: InstanceFactsFragment): Fact[] => [
  { name: t('instance.facts.agentVersion'), source: t('instance.source.build'), value: instance.agentVersion },
  { name: t('instance.facts.protocol'), source: t('instance.source.handshake'), value: instance.protocolVersion },
  { name: t('instance.facts.startedAt'), source: t('instance.source.agent'), value: moment(instance.agentStartedAt) },
  { name: t('instance.facts.linkedAt'), source: t('instance.source.console'), value: moment(instance.linkedAt) },
  {
    name: t('instance.facts.linkedFrom'),
    source: t('instance.source.connection'),
    value: instance.linkedFrom,
    mono: true,
  },
  {
    name: t('instance.facts.intervals'),
    source: t('instance.source.handshake'),
    value: t('instance.facts.intervalsValue', {
      heartbeat: format.duration(instance.heartbeatMs),
      metrics: format.duration(instance.metricsMs),
    }),
  },
]

/** The few that stand beside the charts. */
export const factsOf = (instance: InstanceFactsFragment): Fact[] => {
  const [where, host, system, ssh, place, configuration] = machineFacts(instance)
  const [agent] = agentFacts(instance)
  return [
    where,
    host,
    system,
    agent && { ...agent, name: t('instance.facts.agent') },
    {
      name: t('instance.facts.extensions'),
      source: t('instance.source.ledger'),
      value: versions(instance.extensions),
    },
    { name: t('instance.facts.tools'), source: t('instance.source.extensionYaml'), value: versions(instance.bom) },
    configuration?.value ? { ...configuration, value: `${configuration.value.slice(0, 12)}…` } : configuration,
    ssh,
    place,
  ].filter((fact) => fact !== undefined)
}
