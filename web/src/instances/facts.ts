// What an instance reports of itself, each with the source it comes from; null where nothing was reported.
import type { InstanceFactsFragment } from '../graph/gql/graphql.ts'
import { providerWord, systemWord } from '../ui/instanceWords.ts'

export interface Fact {
  name: string
  /** Where the agent has it from. */
  source: string
  value: string | null
  mono?: boolean
}

const join = (parts: (string | null | undefined)[]): string | null => parts.filter(Boolean).join(', ') || null

export const factsOf = (instance: InstanceFactsFragment): Fact[] => {
  const { geo, extensions, bom } = instance
  return [
    {
      name: 'Where',
      source: 'SINDRI_PROVIDER, SINDRI_REGION',
      value: join([providerWord(instance.provider), instance.region]),
    },
    { name: 'Host', source: 'operating system', value: instance.hostname },
    { name: 'System', source: '/etc/os-release', value: systemWord(instance) },
    { name: 'Agent', source: 'build', value: instance.agentVersion },
    {
      name: 'Extensions',
      source: '~/.sindri/status_ledger.jsonl',
      value:
        extensions &&
        (extensions.length === 0
          ? 'None'
          : extensions.map((one) => [one.name, one.version].filter(Boolean).join(' ')).join(', ')),
    },
    {
      name: 'Tools',
      source: 'extension.yaml of the extensions',
      value:
        bom &&
        (bom.length === 0 ? 'None' : bom.map((one) => [one.name, one.version].filter(Boolean).join(' ')).join(', ')),
    },
    {
      name: 'Config',
      source: 'sindri.yaml',
      value: instance.yamlHash && `${instance.yamlHash.slice(0, 12)}…`,
      mono: true,
    },
    { name: 'SSH', source: 'SINDRI_SSH_ENDPOINT', value: instance.sshEndpoint, mono: true },
    { name: 'Place', source: 'SINDRI_GEO', value: geo && (geo.label ?? `${geo.latitude}, ${geo.longitude}`) },
    { name: 'Linked from', source: 'its connection', value: instance.linkedFrom, mono: true },
  ]
}
