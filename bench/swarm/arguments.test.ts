import { expect, test } from 'vitest'
import { readArguments, WrongArguments } from './arguments.ts'

const read = (...argv: string[]) => readArguments(argv, { PORT: '3100' }, '/clone')

test('without arguments a hundred agents go to the console of this clone', () => {
  expect(read()).toEqual({
    agents: 100,
    prefix: 'swarm',
    url: 'http://127.0.0.1:3100',
    secret: { file: '/clone/.data/enrol-secret' },
    heartbeatMs: null,
    metricsMs: null,
    keep: null,
    log: null,
  })
})

test('everything can be said', () => {
  expect(
    read(
      '--agents',
      '2000',
      '--url',
      'https://console.example.com/',
      '--secret',
      'abc',
      '--heartbeat',
      '5',
      '--metrics',
      '2.5',
      '--keep',
      'kept',
      '--log',
      'records',
      '--prefix',
      'herd',
    ),
  ).toEqual({
    agents: 2000,
    prefix: 'herd',
    url: 'https://console.example.com',
    secret: { value: 'abc' },
    heartbeatMs: 5_000,
    metricsMs: 2_500,
    keep: '/clone/kept',
    log: '/clone/records',
  })
  expect(read('--help')).toBeNull()
})

test.each([
  ['--agents', '0', '--agents: expected a whole number from 1 to 20000, got "0"'],
  ['--agents', 'many', '--agents: expected a whole number from 1 to 20000, got "many"'],
  ['--url', 'console', '--url: expected an address such as http://127.0.0.1:3000, got "console"'],
  ['--url', 'http://a@b', '--url: expected an address such as http://127.0.0.1:3000, got "http://a@b"'],
  ['--heartbeat', '0.1', '--heartbeat: expected seconds from 1 to 600, got "0.1"'],
  ['--metrics', '2h', '--metrics: expected seconds from 1 to 3600, got "2h"'],
  ['--prefix', 'a b', '--prefix: expected at most 100 letters, digits and . _ -, got "a b"'],
])('%s %s is refused in one line', (name, value, message) => {
  expect(() => read(name, value)).toThrow(new WrongArguments(message))
})

test('all that is wrong is said at once, a secret is not repeated, and unknown arguments are named', () => {
  expect(() => read('--agents', 'x', '--secret', 'not a secret')).toThrow(
    new WrongArguments(
      '--agents: expected a whole number from 1 to 20000, got "x"\n--secret: expected printable characters without spaces, got others',
    ),
  )
  expect(() => read('--secret', 'a', '--secret-file', 'b')).toThrow('expected either it or --secret-file, got both')
  expect(() => read('--agent', '5')).toThrow("Unknown option '--agent'")
})
