// Every screen in both themes and at both widths: nothing that axe-core finds wrong, nothing beside the screen, and a picture of it.
// `npm run screenshots` keeps the pictures in docs/screenshots.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Proc, until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { look } from './look.ts'
import { openBrowser, openPage, sizes } from './page.ts'
import { screenOf, signIn } from './screen.ts'

const SWARM = 60
/** For pictures that stay, the charts have something to show. */
const WARM_UP_MS = process.env.SINDRI_SCREENSHOTS ? 150_000 : 0
const dana = { email: 'dana@example.com', name: 'Dana Krüger', role: 'OPERATOR' }
const key = {
  name: 'nightly build',
  role: 'DEVELOPER',
  expiresAt: new Date(Date.now() + 90 * 86_400_000).toISOString(),
}
/** What `forge-api-01` is made of, as its owner wrote it down. */
const CONFIGURATION = `# A place to build the API.
version: '1.0'
name: forge-api-01
deployment:
  provider: docker
  resources:
    memory: 8GB
    cpus: 2
extensions:
  active: [nodejs, golang, docker]
`
let world: World
let browser: Browser
let page: Page
let instance: string
let terminal: string
let command: string
/** Told once it fell silent as often as makes it a flapping one. */
let flapped: Promise<void>

/** Three times for good, each as long as it takes to be told: meanwhile the other screens are looked at. */
async function flap(agent: Proc, name: string): Promise<void> {
  const api = await world.api()
  const { id } = await world.running(name)
  for (let times = 0; times < 3; times++) {
    agent.child.kill('SIGSTOP')
    await until(
      `${name} to be OFFLINE`,
      async () =>
        (await api.ask('query ($id: ID!) { instance(id: $id) { liveness } }', { id })).instance.liveness === 'OFFLINE',
      90_000,
    )
    agent.child.kill('SIGCONT')
    await world.running(name)
  }
}

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  ;({ page } = await openPage(browser))
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

type Screen = [name: string, at: () => string, shows: (page: Page) => Promise<unknown>]

const heading = (name: string | RegExp) => (shown: Page) => shown.getByRole('heading', { name }).first().waitFor()
const text = (words: string | RegExp) => (shown: Page) => shown.getByText(words).first().waitFor()

const areWhole = (screens: Screen[]) => {
  it.each(screens)('the screen %s is whole and open to everybody', async (name, at, shows) => {
    await page.setViewportSize(sizes.wide)
    await page.goto(`${world.url}${at()}`)
    await shows(page)
    expect(await look(page, name)).toEqual([])
  })
}

describe('to a stranger', () => {
  areWhole([['sign-in', () => '/sign-in', (shown) => shown.getByLabel('E-mail').waitFor()]])
})

describe('to an administrator', () => {
  beforeAll(() => signIn(page, world))

  describe('before the first machine', () => {
    areWhole([
      ['first-run', () => '/instances', text('SINDRI_CONSOLE_URL=')],
      ['first-fleet', () => '/', heading('Fleet')],
    ])
  })

  describe('with a fleet', () => {
    beforeAll(async () => {
      const home = path.join(world.folder, 'home-of-forge')
      mkdirSync(home)
      writeFileSync(path.join(home, 'sindri.yaml'), CONFIGURATION)
      world.startAgent('forge-api-01', {
        HOME: home,
        SINDRI_AGENT_TAGS: 'team=forge,env=dev',
        SINDRI_REGION: 'eu-central-1',
      })
      flapped = flap(world.startAgent('tongs-flaky', { SINDRI_PROVIDER: 'docker' }), 'tongs-flaky')
      flapped.catch(() => {})
      world.startSwarm(SWARM, '--metrics', '2')
      instance = (await world.running('forge-api-01')).id
      const api = await world.api()
      const running = '{ instances(filter: { status: [RUNNING] }) { totalCount } }'
      await until('the swarm', async () => (await api.ask(running)).instances.totalCount > SWARM, 60_000)
      await api.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }', {
        input: dana,
      })
      await api.ask('mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }', { input: key })
      for (const line of ['uptime', 'sleep 3600', 'df -h / /dev/shm; echo "/var/cache: no space left" >&2; exit 1'])
        command = (
          await api.ask('mutation ($input: RunCommandInput!) { runCommand(input: $input) { id } }', {
            input: { instanceId: instance, command: line, timeoutMs: 3_600_000 },
          })
        ).runCommand.id
      await page.setViewportSize(sizes.wide)
      await page.goto(`${world.url}/instances/${instance}`)
      await page.getByRole('button', { name: 'Open terminal' }).first().click()
      const screen = screenOf(page)
      await screen.live()
      await screen.prompted()
      await screen.type('git --version; node --version; df -h /\r')
      await screen.prompted()
      await page.getByRole('button', { name: 'Split right' }).click()
      await page.locator('[data-phase=live]').nth(1).waitFor()
      await page.keyboard.type('vim -n -c "syntax on" sindri.yaml\r')
      await page.getByText('cpus: 2').first().waitFor()
      terminal = page.url().slice(world.url.length)
      await page.waitForTimeout(WARM_UP_MS)
    }, 180_000 + WARM_UP_MS)

    areWhole([
      ['instances', () => '/instances', text('swarm-0010')],
      [
        'instance',
        () => `/instances/${instance}`,
        (shown) => shown.locator('.apexcharts-series path').first().waitFor(),
      ],
      [
        'instance-resources',
        () => `/instances/${instance}/resources`,
        (shown) => shown.getByRole('row', { name: /^lo / }).waitFor(),
      ],
      ['instance-terminals', () => `/instances/${instance}/terminals`, heading('Open')],
      ['instance-commands', () => `/instances/${instance}/commands`, text('That is all.')],
      ['instance-command', () => `/instances/${instance}/commands?command=${command}`, text('no space left')],
      ['instance-events', () => `/instances/${instance}/events`, text('That is all.')],
      ['instance-details', () => `/instances/${instance}/details`, heading('Machine')],
      ['enrol', () => '/enrol', text('SINDRI_CONSOLE_URL=')],
      [
        'terminals',
        () => '/terminals',
        async (shown) => {
          await shown
            .getByRole('button', { name: 'All terminals' })
            .or(shown.getByRole('link', { name: 'All terminals' }))
            .click()
          await shown.getByRole('heading', { name: 'Open' }).waitFor()
        },
      ],
      ['terminal', () => terminal, (shown) => shown.locator('[data-phase=live]').first().waitFor()],
      ['events', () => '/events', heading(/Today/)],
      ['audit', () => '/audit', text('createUser')],
      [
        'audit-entry',
        () => '/audit',
        async (shown) => {
          await shown.getByText('createUser').first().click()
          await shown.waitForURL(/entry=/)
        },
      ],
      ['users', () => '/access/users', text(dana.name)],
      [
        'user',
        () => '/access/users',
        async (shown) => {
          await shown.getByText(dana.name).first().click()
          await shown.getByRole('radio', { name: /Operator/ }).waitFor()
        },
      ],
      ['keys', () => '/access/keys', text(key.name)],
      ['profile', () => '/settings/profile', heading('Password')],
      ['settings', () => '/settings/console', heading('How machines join')],
      ['about', () => '/settings/about', heading('Health')],
      ['nowhere', () => '/no/such/place', text('/no/such/place')],
      [
        'palette',
        () => '/instances',
        async (shown) => {
          await shown.getByText('swarm-0010').first().waitFor()
          await shown.keyboard.press('Control+k')
          await shown.getByRole('combobox', { name: 'Search or run' }).fill('forge')
          await shown.getByRole('option', { name: /forge-api-01/ }).waitFor()
        },
      ],
      [
        'shortcuts',
        () => '/instances',
        async (shown) => {
          await shown.getByText('swarm-0010').first().waitFor()
          await shown.keyboard.press('?')
          await shown.getByRole('dialog').waitFor()
        },
      ],
      // At the end, when one has fallen silent often enough.
      [
        'fleet',
        () => '/',
        async (shown) => {
          await shown.getByRole('link', { name: /^forge-api-01, CPU/ }).waitFor()
          await flapped
          const needs = shown.getByRole('region', { name: 'Needs attention' })
          await needs.getByRole('link', { name: /tongs-flaky keeps falling silent.*3 times within the hour/ }).waitFor()
          await needs.locator('svg.glyph').first().waitFor()
        },
      ],
    ])
  })
})
