// The images' files are fit to build from, and the check would say if they were not.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { agentArgv, agentEntry, consoleArgv, consoleEntry } from './entry.ts'
import { composeFaults, dockerfileFaults, targetFaults } from './images.ts'
import { root } from './steps.ts'

const dockerfile = readFileSync(path.join(root, 'Dockerfile'), 'utf8')
const compose = readFileSync(path.join(root, 'docker-compose.yml'), 'utf8')
const targets = ['console', 'agent']

test('both files are without fault', () => {
  expect(dockerfileFaults(dockerfile, root)).toEqual([])
  expect(targetFaults(dockerfile, targets)).toEqual([])
  expect(composeFaults(compose, dockerfile)).toEqual([])
})

test('images and handbook start console and agent as `npm start` does', () => {
  const [console, agent] = [
    ['node', ...consoleArgv, path.relative(root, consoleEntry)],
    ['node', ...agentArgv, path.relative(root, agentEntry)],
  ]
  for (const argv of [console, agent])
    expect(dockerfile).toContain(`\nCMD ${JSON.stringify(argv).replaceAll(',', ', ')}\n`)
  expect(readFileSync(path.join(root, 'docs/operations.md'), 'utf8')).toContain(`exec ${console.join(' ')}\n`)
})

describe('a broken Dockerfile is found:', () => {
  test.each<[name: string, from: RegExp, to: string, says: RegExp]>([
    ['an unknown instruction', /^WORKDIR/m, 'WORKDIRR', /WORKDIRR/],
    ['an instruction without arguments', /^EXPOSE 3000$/m, 'EXPOSE', /no arguments/],
    ['a flag that is wrong', /--interval=10s/, '--interval=soon', /interval|soon|duration/i],
    ['an image without a version', /debian:12-slim/, 'debian', /image with a version/],
    ['an image that is always another', /debian:12-slim/, 'debian:latest', /image with a version/],
    ['a file that is not there', /COPY api\/package\.json/, 'COPY api/packages.json', /api\/packages\.json/],
    ['a stage that is not there', /--from=console-modules/, '--from=modules', /"modules"/],
  ])('%s', (_, from, to, says) => {
    expect(dockerfileFaults(dockerfile.replace(from, to), root).join('\n')).toMatch(says)
  })

  test.each<[name: string, from: RegExp, to: string, says: RegExp]>([
    ['no user', /^USER sindri$/m, '', /console: expected a USER/],
    ['root as the user', /^USER sindri$/m, 'USER root', /agent: expected a USER/],
    ['no health check', /^HEALTHCHECK[\s\S]*?\n {2}CMD.*$/m, '', /console: expected a HEALTHCHECK/],
    ['a target that is not there', /AS agent$/m, 'AS agents', /target "agent"/],
  ])('%s', (_, from, to, says) => {
    expect(targetFaults(dockerfile.replace(from, to), targets).join('\n')).toMatch(says)
  })
})

describe('a broken docker-compose.yml is found:', () => {
  test.each<[name: string, from: RegExp | string, to: string, says: RegExp]>([
    ['YAML that does not parse', 'services:', 'services: {', /docker-compose\.yml/],
    ['a word that compose does not know', 'depends_on:', 'depend_on:', /depend_on/],
    ['a condition that is none', 'condition: service_healthy', 'condition: healthy', /condition/],
    ['a port that is a map of nothing', "- '127.0.0.1:3000:3000'", '- { from: 3000 }', /ports/],
    ['a target that is not there', 'target: agent', 'target: agents', /target of the Dockerfile, got "agents"/],
    ['an image without a version', 'redis:7-alpine', 'redis', /image with a version/],
    ['no health check', /healthcheck:\n {6}test: \['CMD', [\s\S]*?retries: 10\n/, '', /redis: expected a health check/],
  ])('%s', (_, from, to, says) => {
    expect(composeFaults(compose.replace(from, to), dockerfile).join('\n')).toMatch(says)
  })
})
