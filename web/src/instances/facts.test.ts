import { expect, test } from 'vitest'
import type { InstanceFactsFragment } from '../graph/gql/graphql.ts'
import { agentFacts, factsOf, machineFacts } from './facts.ts'

const bare: InstanceFactsFragment = {
  id: 'ins_1',
  name: 'forge',
  status: 'RUNNING',
  liveness: 'ONLINE',
  livenessAt: '2026-01-01T00:00:00.000Z',
  lastSeenAt: null,
  metricsMs: 30_000,
  heartbeatMs: 10_000,
  provider: null,
  region: null,
  hostname: null,
  agentVersion: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  tags: [],
  os: null,
  arch: null,
  distro: null,
  extensions: null,
  yamlHash: null,
  bom: null,
  sshEndpoint: null,
  geo: null,
  linkedAt: null,
  linkedFrom: null,
  agentStartedAt: null,
  protocolVersion: null,
  notices: [],
}
const valueOf = (instance: InstanceFactsFragment, name: string) =>
  factsOf(instance).find((fact) => fact.name === name)?.value

test('what was not reported is null, and an empty report is not the same', () => {
  expect(factsOf(bare).every((fact) => fact.value === null)).toBe(true)
  expect(valueOf({ ...bare, extensions: [] }, 'Extensions')).toBe('None')
})

test('facts are told in words', () => {
  const told = {
    ...bare,
    provider: 'fly',
    region: 'ams',
    os: 'linux',
    distro: 'debian',
    arch: 'x64',
    extensions: [
      { name: 'nodejs', version: '24.2', state: 'installed' },
      { name: 'docker-cli', version: null, state: 'installed' },
    ],
  }
  expect(valueOf(told, 'Where')).toBe('Fly.io, ams')
  expect(valueOf(told, 'System')).toBe('Debian, x86-64')
  expect(valueOf(told, 'Extensions')).toBe('nodejs 24.2, docker-cli')
})

test('a provider nobody knows keeps its name', () => {
  expect(valueOf({ ...bare, provider: 'my-rack' }, 'Where')).toBe('my-rack')
})

test('all facts name their source, and beside the charts a hash is cut while its place among all facts has all of it', () => {
  const yamlHash = 'a81c'.repeat(16)
  const all = [...machineFacts({ ...bare, yamlHash }), ...agentFacts(bare)]
  expect(all.every(({ source }) => source !== '')).toBe(true)
  expect(all.find(({ name }) => name === 'Configuration')?.value).toBe(yamlHash)
  expect(valueOf({ ...bare, yamlHash }, 'Configuration')).toBe('a81ca81ca81c…')
  expect(agentFacts({ ...bare, protocolVersion: '1.0' }).find(({ name }) => name === 'Protocol')?.value).toBe('1.0')
})
