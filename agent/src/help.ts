// What `sindri-agent --help` prints: every variable the agent reads.
import { LIMITS } from '@sindri/schema/contract/limits'

const variables: readonly (readonly [name: string, meaning: string])[] = [
  ['SINDRI_CONSOLE_URL', 'address of the console (required)'],
  ['SINDRI_CONSOLE_API_KEY', 'bootstrap secret, used only to enrol'],
  ['SINDRI_CONSOLE_API_KEY_FILE', 'file that holds it instead'],
  ['SINDRI_INSTANCE_ID', 'name of this instance (default: hostname)'],
  ['SINDRI_PROVIDER', 'fly, docker, k8s, e2b, devpod, runpod, northflank, local, …'],
  ['SINDRI_REGION', 'region of the provider'],
  ['SINDRI_AGENT_HEARTBEAT', `seconds between heartbeats (default: the console decides, ${LIMITS.heartbeatMs / 1000})`],
  ['SINDRI_AGENT_METRICS', `seconds between samples (default: the console decides, ${LIMITS.metricsMs / 1000})`],
  ['SINDRI_AGENT_TAGS', 'key=value,key=value'],
  ['SINDRI_AGENT_SHELL', 'absolute path of the shell for terminals (default: the login shell)'],
  [
    'SINDRI_AGENT_TERMINAL_IDLE',
    `seconds after which a terminal that nobody looks at ends (default: ${LIMITS.terminalIdleMs / 1000})`,
  ],
  [
    'SINDRI_AGENT_TERMINAL_RING',
    `MiB of output that each terminal keeps, 1 to 8 (default: ${LIMITS.terminalRingBytes / 1024 / 1024})`,
  ],
  ['SINDRI_AGENT_STATE_DIR', 'identity and spool (default: ~/.sindri/agent)'],
  ['SINDRI_CONFIG', 'path of sindri.yaml (default: ./sindri.yaml, ~/sindri.yaml)'],
  ['SINDRI_SSH_ENDPOINT', 'where SSH reaches this instance, shown as it is'],
  ['SINDRI_GEO', 'latitude,longitude,label'],
  ['SINDRI_LOG_LEVEL', 'debug, info, warn or error (default: info)'],
]

/** Names of all of them. */
export const agentVariables: readonly string[] = variables.map(([name]) => name)

export function helpText(): string {
  const width = Math.max(...variables.map(([name]) => name.length))
  return [
    'sindri-agent: joins this machine to a Sindri Console.',
    '',
    'Usage: sindri-agent [--version | --help | --healthy]',
    '',
    '--healthy exits with 0 if an agent runs on the same state directory, whether it reaches its console or not.',
    '',
    'It is configured by environment variables alone:',
    ...variables.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`),
    '',
  ].join('\n')
}
