import { describe, expect, it } from 'vitest'
import { readEnv, WrongEnv } from './env.ts'

const read = (variables: Record<string, string>) => readEnv(variables, '/srv/console')
const linesOf = (variables: Record<string, string>): readonly string[] => {
  try {
    read(variables)
  } catch (error) {
    if (error instanceof WrongEnv) return error.lines
    throw error
  }
  return []
}

it('without variables the console listens on this machine alone and keeps its data in .data', () => {
  expect(read({})).toEqual({
    databaseUrl: 'pglite:/srv/console/.data/database',
    redisUrl: undefined,
    host: '127.0.0.1',
    port: 3000,
    publicUrl: null,
    trustedProxies: [],
    dataDir: '/srv/console/.data',
    enrolSecret: undefined,
    adminEmail: undefined,
    adminPassword: undefined,
    enrolRate: 600,
    metricsRetentionDays: 30,
    logLevel: 'info',
    set: [],
  })
})

it('every variable is read', () => {
  expect(
    read({
      DATABASE_URL: 'postgres://u:p@db/sindri',
      REDIS_URL: 'redis://cache:6379',
      HOST: '[::]',
      PORT: '0',
      SINDRI_PUBLIC_URL: 'https://console.example.com',
      SINDRI_TRUSTED_PROXIES: '10.0.0.0/8, ::1,192.0.2.7',
      SINDRI_DATA_DIR: '/var/lib/sindri',
      SINDRI_CONSOLE_API_KEY: 'a-bootstrap-secret',
      SINDRI_ADMIN_EMAIL: 'Ada@Example.org',
      SINDRI_ADMIN_PASSWORD: 'twelve chars or more',
      SINDRI_ENROL_RATE: '60',
      SINDRI_METRICS_RETENTION_DAYS: '7',
      SINDRI_LOG_LEVEL: 'WARN',
    }),
  ).toEqual({
    databaseUrl: 'postgres://u:p@db/sindri',
    redisUrl: 'redis://cache:6379',
    host: '::',
    port: 0,
    publicUrl: new URL('https://console.example.com'),
    trustedProxies: ['10.0.0.0/8', '::1', '192.0.2.7'],
    dataDir: '/var/lib/sindri',
    enrolSecret: 'a-bootstrap-secret',
    adminEmail: 'ada@example.org',
    adminPassword: 'twelve chars or more',
    enrolRate: 60,
    metricsRetentionDays: 7,
    logLevel: 'warn',
    set: expect.arrayContaining(['DATABASE_URL', 'PORT', 'SINDRI_LOG_LEVEL']),
  })
})

it('an empty value counts as none', () => {
  expect(read({ DATABASE_URL: '', PORT: ' ', REDIS_URL: '' })).toEqual(read({}))
})

describe('a wrong value is one line: the variable, what was expected, what was got', () => {
  it.each([
    [
      'DATABASE_URL',
      'mysql://db',
      'expected postgres://user:password@host:5432/database, pglite:<folder> or pglite:memory, got "mysql://db"',
    ],
    [
      'DATABASE_URL',
      'pglite:',
      'expected postgres://user:password@host:5432/database, pglite:<folder> or pglite:memory, got "pglite:"',
    ],
    ['REDIS_URL', 'localhost:6379', 'expected redis://host:6379 or rediss://…, got "localhost:6379"'],
    ['HOST', 'a b', 'expected an address or a host name, got "a b"'],
    ['PORT', '70000', 'expected a whole number from 0 to 65535, got "70000"'],
    ['PORT', '3e3', 'expected a whole number from 0 to 65535, got "3e3"'],
    [
      'SINDRI_PUBLIC_URL',
      'https://x.org/console',
      'expected an address such as https://console.example.com, without a path, got "https://x.org/console"',
    ],
    [
      'SINDRI_TRUSTED_PROXIES',
      '10.0.0.0/33',
      'expected addresses or networks such as 10.0.0.0/8, separated by commas, got "10.0.0.0/33"',
    ],
    [
      'SINDRI_TRUSTED_PROXIES',
      'proxy.internal',
      'expected addresses or networks such as 10.0.0.0/8, separated by commas, got "proxy.internal"',
    ],
    ['SINDRI_ADMIN_EMAIL', 'ada', 'expected an e-mail address, got "ada"'],
    ['SINDRI_ENROL_RATE', '0', 'expected a whole number from 1 to 1000000, got "0"'],
    ['SINDRI_METRICS_RETENTION_DAYS', '-1', 'expected a whole number from 1 to 3650, got "-1"'],
    ['SINDRI_LOG_LEVEL', 'loud', 'expected one of debug, info, warn, error, got "loud"'],
  ])('%s=%s', (name, value, line) => {
    expect(linesOf({ [name]: value })).toEqual([`${name}: ${line}`])
  })

  it.each([
    ['DATABASE_URL', 'postgres://'],
    ['DATABASE_URL', 'postgresql'],
    ['DATABASE_URL', 'http://db'],
    ['DATABASE_URL', '/var/lib/db'],
    ['REDIS_URL', 'redis://'],
    ['REDIS_URL', 'http://cache'],
    ['REDIS_URL', 'redis:cache'],
    ['HOST', 'http://localhost'],
    ['HOST', 'localhost:3000'],
    ['HOST', '-x'],
    ['HOST', '[::1'],
    ['HOST', 'x'.repeat(300)],
    ['PORT', '-1'],
    ['PORT', '1.5'],
    ['PORT', '0x50'],
    ['PORT', '３０００'],
    ['PORT', '99999999999999999999'],
    ['SINDRI_PUBLIC_URL', 'console.example.com'],
    ['SINDRI_PUBLIC_URL', 'ftp://x.org'],
    ['SINDRI_PUBLIC_URL', 'javascript:alert(1)'],
    ['SINDRI_PUBLIC_URL', 'https://x.org/?a=b'],
    ['SINDRI_PUBLIC_URL', 'https://x.org/#a'],
    ['SINDRI_TRUSTED_PROXIES', '*'],
    ['SINDRI_TRUSTED_PROXIES', '10.0.0.0/'],
    ['SINDRI_TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['SINDRI_TRUSTED_PROXIES', '::1/129'],
    ['SINDRI_TRUSTED_PROXIES', '10.0.0.1;10.0.0.2'],
    ['SINDRI_CONSOLE_API_KEY', 'fifteen-letters'],
    ['SINDRI_CONSOLE_API_KEY', 'x'.repeat(513)],
    ['SINDRI_CONSOLE_API_KEY', 'a secret with spaces in it'],
    ['SINDRI_CONSOLE_API_KEY', 'ein-schönes-geheimnis'],
    ['SINDRI_ADMIN_EMAIL', 'ada@'],
    ['SINDRI_ADMIN_EMAIL', '@example.org'],
    ['SINDRI_ADMIN_EMAIL', 'a da@example.org'],
    ['SINDRI_ADMIN_EMAIL', `${'x'.repeat(65)}@example.org`],
    ['SINDRI_ADMIN_PASSWORD', 'eleven-char'],
    ['SINDRI_ADMIN_PASSWORD', 'x'.repeat(257)],
    ['SINDRI_ENROL_RATE', '1e3'],
    ['SINDRI_ENROL_RATE', '1000001'],
    ['SINDRI_METRICS_RETENTION_DAYS', '30d'],
    ['SINDRI_METRICS_RETENTION_DAYS', '3651'],
    ['SINDRI_LOG_LEVEL', 'trace'],
  ])('%s=%s', (name, value) => {
    const lines = linesOf({ [name]: value })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(new RegExp(`^${name}: expected .+, got .{1,100}$`))
  })

  it('and none of them shows a secret', () => {
    const lines = linesOf({
      DATABASE_URL: 'mysql://u:hunter2@db',
      REDIS_URL: 'http://:hunter2@cache',
      SINDRI_CONSOLE_API_KEY: 'hunter2',
      SINDRI_ADMIN_PASSWORD: 'hunter2',
      SINDRI_PUBLIC_URL: 'https://u:hunter2@x.org',
    })
    expect(lines).toHaveLength(5)
    expect(lines.join()).not.toContain('hunter2')
    expect(lines).toContain('SINDRI_ADMIN_PASSWORD: expected 12 to 256 characters, got 7 characters')
  })
})
