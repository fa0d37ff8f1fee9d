// Every screen in both themes and at both widths: nothing that axe-core finds wrong, nothing beside the screen, and a picture of it.
// `npm run screenshots` keeps the pictures in docs/screenshots.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Proc, root, run, until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { violationsOf } from './axe.ts'
import { openBrowser, openPage, shoot, sizes } from './page.ts'
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
let swarm: Proc
let instance: string
let terminal: string

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  ;({ page } = await openPage(browser))
})
afterAll(async () => {
  await swarm?.end()
  await browser?.close()
  await world?.end()
})

type Screen = [name: string, at: () => string, shows: (page: Page) => Promise<unknown>]

const heading = (name: string | RegExp) => (shown: Page) => shown.getByRole('heading', { name }).first().waitFor()
const text = (words: string | RegExp) => (shown: Page) => shown.getByText(words).first().waitFor()

/** In both themes and at both widths: what is wrong with it, if anything. Leaves a picture of each. */
async function look(name: string): Promise<string[]> {
  const found: string[] = []
  for (const viewport of Object.values(sizes)) {
    for (const colorScheme of ['dark', 'light'] as const) {
      const of = `${name}-${colorScheme}-${viewport.width}`
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      // Charts and terminals draw themselves anew.
      await page.waitForTimeout(500)
      await shoot(page, of)
      found.push(...(await violationsOf(page)).map((violation) => `${of}: ${violation}`))
      const beside = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (beside > 0) found.push(`${of}: ${beside} px stand beside the screen`)
    }
  }
  return found
}

const areWhole = (screens: Screen[]) => {
  it.each(screens)('the screen %s is whole and open to everybody', async (name, at, shows) => {
    await page.setViewportSize(sizes.wide)
    await page.goto(`${world.url}${at()}`)
    await shows(page)
    expect(await look(name)).toEqual([])
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
      const home = path.join(world.folder, 'home')
      mkdirSync(home)
      writeFileSync(path.join(home, 'sindri.yaml'), CONFIGURATION)
      world.startAgent('forge-api-01', {
        HOME: home,
        SINDRI_AGENT_TAGS: 'team=forge,env=dev',
        SINDRI_REGION: 'eu-central-1',
      })
      const secret = path.join(world.folder, 'console', 'enrol-secret')
      const args = ['--url', world.url, '--secret-file', secret, '--agents', String(SWARM), '--metrics', '2']
      swarm = run(path.join(root, 'bench/swarm/main.ts'), {}, undefined, args)
      instance = (await world.running('forge-api-01')).id
      const api = await world.api()
      const running = '{ instances(filter: { status: [RUNNING] }) { totalCount } }'
      await until('the swarm', async () => (await api.ask(running)).instances.totalCount > SWARM, 60_000)
      await api.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }', {
        input: dana,
      })
      await api.ask('mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }', { input: key })
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
      ['fleet', () => '/', (shown) => shown.getByRole('link', { name: /^forge-api-01, CPU/ }).waitFor()],
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
    ])
  })
})
