import { expect, test } from 'vitest'
import { readEnv, WrongEnv } from './env.ts'
import { helpText } from './help.ts'

const surroundings = { hostname: 'box-1', homeDir: '/home/dev', workingDir: '/srv' }
const url = { SINDRI_CONSOLE_URL: 'https://console.example.com/' }
const read = (variables: Record<string, string>) => readEnv({ ...url, ...variables }, surroundings)

function linesOf(variables: Record<string, string>): readonly string[] {
  try {
    readEnv(variables, surroundings)
  } catch (error) {
    if (error instanceof WrongEnv) return error.lines
    throw error
  }
  return []
}

test('only the console address is required, everything else has a default', () => {
  expect(read({})).toEqual({
    consoleUrl: 'https://console.example.com',
    bootstrapSecret: null,
    instanceId: 'box-1',
    provider: null,
    region: null,
    heartbeatMs: null,
    metricsMs: null,
    tags: {},
    shell: null,
    terminalIdleMs: 86_400_000,
    terminalRingBytes: 2 * 1024 * 1024,
    logLevel: 'info',
    stateDir: '/home/dev/.sindri/agent',
    configPath: null,
    sshEndpoint: null,
    geo: null,
  })
})

test('every variable is read', () => {
  const env = read({
    SINDRI_CONSOLE_URL: 'wss://c.example.com:8443/sindri/',
    SINDRI_CONSOLE_API_KEY_FILE: '~/key',
    SINDRI_INSTANCE_ID: 'dev.1',
    SINDRI_PROVIDER: 'something-new',
    SINDRI_REGION: 'fra',
    SINDRI_AGENT_HEARTBEAT: '2.5',
    SINDRI_AGENT_METRICS: '60',
    SINDRI_AGENT_TAGS: 'team=core, note=a = b,empty=',
    SINDRI_AGENT_SHELL: '/bin/zsh',
    SINDRI_AGENT_TERMINAL_IDLE: '3600',
    SINDRI_AGENT_TERMINAL_RING: '8',
    SINDRI_LOG_LEVEL: 'DEBUG',
    SINDRI_AGENT_STATE_DIR: 'state',
    SINDRI_CONFIG: '/etc/sindri.yaml',
    SINDRI_SSH_ENDPOINT: 'dev@10.0.0.1:2222',
    SINDRI_GEO: '52.52, 13.4, Berlin, Mitte',
  })
  expect(env).toMatchObject({
    consoleUrl: 'https://c.example.com:8443/sindri',
    bootstrapSecret: { file: '/home/dev/key' },
    instanceId: 'dev.1',
    provider: 'something-new',
    heartbeatMs: 2_500,
    terminalIdleMs: 3_600_000,
    terminalRingBytes: 8 * 1024 * 1024,
    metricsMs: 60_000,
    tags: { team: 'core', note: 'a = b', empty: '' },
    shell: '/bin/zsh',
    logLevel: 'debug',
    stateDir: '/srv/state',
    configPath: '/etc/sindri.yaml',
    sshEndpoint: 'dev@10.0.0.1:2222',
    geo: { latitude: 52.52, longitude: 13.4, label: 'Berlin, Mitte' },
  })
  expect(env.bootstrapSecret && 'value' in env.bootstrapSecret).toBe(false)
})

test('an empty value counts as unset', () => {
  expect(read({ SINDRI_PROVIDER: '', SINDRI_LOG_LEVEL: ' ', SINDRI_INSTANCE_ID: '' })).toMatchObject({
    provider: null,
    logLevel: 'info',
    instanceId: 'box-1',
  })
})

test('each wrong value is one line with variable, what was expected and what was got', () => {
  const lines = linesOf({
    SINDRI_CONSOLE_URL: 'ftp://x',
    SINDRI_AGENT_HEARTBEAT: '0',
    SINDRI_AGENT_METRICS: '1e9',
    SINDRI_AGENT_TAGS: 'a=1,b',
    SINDRI_AGENT_SHELL: 'bash',
    SINDRI_LOG_LEVEL: 'loud',
    SINDRI_GEO: '91,0,x',
    SINDRI_INSTANCE_ID: 'two\nlines',
    SINDRI_REGION: 'x'.repeat(500),
  })
  expect(lines).toEqual([
    'SINDRI_CONSOLE_URL: expected an address such as https://console.example.com, got "ftp://x".',
    'SINDRI_INSTANCE_ID: expected 1 to 128 letters, digits, ".", "_" or "-", a letter or digit first, got "two\\nlines".',
    `SINDRI_REGION: expected at most 128 characters without spaces, got "${'x'.repeat(59)}… (500 characters).`,
    'SINDRI_AGENT_HEARTBEAT: expected seconds from 1 to 600, got "0".',
    'SINDRI_AGENT_METRICS: expected seconds from 1 to 3600, got "1e9".',
    'SINDRI_AGENT_TAGS: expected tags as key=value,key=value, got "b".',
    'SINDRI_AGENT_SHELL: expected the absolute path of a shell, such as /bin/bash, got "bash".',
    'SINDRI_LOG_LEVEL: expected one of debug, info, warn, error, got "loud".',
    'SINDRI_GEO: expected latitude,longitude,label such as 52.52,13.40,Berlin, got "91,0,x".',
  ])
})

test('a missing address, two secrets and a hostname that cannot be an id are said', () => {
  expect(linesOf({})).toEqual([
    'SINDRI_CONSOLE_URL: expected an address such as https://console.example.com, got nothing.',
  ])
  expect(linesOf({ ...url, SINDRI_CONSOLE_API_KEY: 'k', SINDRI_CONSOLE_API_KEY_FILE: '/k' })).toEqual([
    'SINDRI_CONSOLE_API_KEY: expected either it or SINDRI_CONSOLE_API_KEY_FILE, got both.',
  ])
  expect(() => readEnv(url, { ...surroundings, hostname: '' })).toThrow('SINDRI_INSTANCE_ID: expected a value')
})

test('a console address that carries a password is refused without showing the password', () => {
  const [line] = linesOf({ SINDRI_CONSOLE_URL: 'https://me:hunter2@c.example.com' })
  expect(line).toContain('without a user name or password')
  expect(line).not.toContain('hunter2')
})

test('the help names every variable', () => {
  const names = helpText().match(/SINDRI_[A-Z_]+/g)
  expect(new Set(names).size).toBe(17)
})
