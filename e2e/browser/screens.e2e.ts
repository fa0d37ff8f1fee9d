// Every screen in both themes and at both widths: nothing that axe-core finds wrong, nothing beside the screen, and a picture of it.
// `npm run screenshots` keeps the pictures in docs/screenshots.
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Proc, root, run, until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { violationsOf } from './axe.ts'
import { openBrowser, openPage, shoot, sizes } from './page.ts'
import { screenOf, signIn } from './screen.ts'

const SWARM = 60
let world: World
let browser: Browser
let page: Page
let swarm: Proc
let instance: string
let terminal: string

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  world.startAgent('forge-api-01', { SINDRI_AGENT_TAGS: 'team=forge,env=dev', SINDRI_REGION: 'eu-central-1' })
  const secret = path.join(world.folder, 'console', 'enrol-secret')
  const args = ['--url', world.url, '--secret-file', secret, '--agents', String(SWARM), '--metrics', '2']
  swarm = run(path.join(root, 'bench/swarm/main.ts'), {}, undefined, args)
  ;({ page } = await openPage(browser))
  await signIn(page, world)
  instance = (await world.running('forge-api-01')).id
  const api = await world.api()
  const running = '{ instances(filter: { status: [RUNNING] }) { totalCount } }'
  await until('the swarm', async () => (await api.ask(running)).instances.totalCount > SWARM, 60_000)
  await api.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }', {
    input: { email: 'dana@example.com', name: 'Dana Krüger', role: 'OPERATOR' },
  })
  await page.goto(`${world.url}/instances/${instance}`)
  await page.getByRole('button', { name: 'Open terminal' }).first().click()
  const screen = screenOf(page)
  await screen.live()
  await screen.prompted()
  await screen.type('uname -a; uptime; df -h /\r')
  await screen.prompted()
  terminal = page.url().slice(world.url.length)
})
afterAll(async () => {
  await swarm?.end()
  await browser?.close()
  await world?.end()
})

/** Where it is, and what must be there before it is looked at. */
const screens: [name: string, at: () => string, shows: (page: Page) => Promise<unknown>][] = [
  ['fleet', () => '/', (shown) => shown.getByRole('link', { name: /^forge-api-01, CPU/ }).waitFor()],
  ['instances', () => '/instances', (shown) => shown.getByText('swarm-0010').first().waitFor()],
  ['instance', () => `/instances/${instance}`, (shown) => shown.locator('.apexcharts-series path').first().waitFor()],
  [
    'instance-resources',
    () => `/instances/${instance}/resources`,
    (shown) => shown.getByRole('row', { name: /^lo / }).waitFor(),
  ],
  [
    'instance-terminals',
    () => `/instances/${instance}/terminals`,
    (shown) => shown.getByRole('heading', { name: 'Open' }).waitFor(),
  ],
  ['instance-events', () => `/instances/${instance}/events`, (shown) => shown.getByText('That is all.').waitFor()],
  [
    'instance-details',
    () => `/instances/${instance}/details`,
    (shown) => shown.getByRole('heading', { name: 'Machine' }).waitFor(),
  ],
  ['enrol', () => '/enrol', (shown) => shown.getByText('SINDRI_CONSOLE_URL=').first().waitFor()],
  ['terminals', () => '/terminals', (shown) => shown.getByText('forge-api-01').first().waitFor()],
  ['terminal', () => terminal, (shown) => shown.locator('[data-phase=live]').first().waitFor()],
  ['profile', () => '/settings/profile', (shown) => shown.getByRole('heading', { name: 'Password' }).waitFor()],
  ['nowhere', () => '/no/such/place', (shown) => shown.getByRole('heading').first().waitFor()],
]

describe.each(screens)('the screen %s', (name, at, shows) => {
  it.each(['dark', 'light'] as const)('is whole and open to everybody, %s', async (colorScheme) => {
    const found: string[] = []
    for (const viewport of Object.values(sizes)) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      await page.goto(`${world.url}${at()}`)
      await shows(page)
      // Charts, fonts and the first live figures.
      await page.waitForTimeout(700)
      await shoot(page, `${name}-${colorScheme}-${viewport.width}`)
      found.push(...(await violationsOf(page)).map((violation) => `${viewport.width}: ${violation}`))
      const beside = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (beside > 0) found.push(`${viewport.width}: ${beside} px stand beside the screen`)
    }
    expect(found).toEqual([])
  })
})

describe('the palette', () => {
  it.each(['dark', 'light'] as const)('is open to everybody, and finds, %s', async (colorScheme) => {
    const found: string[] = []
    for (const viewport of Object.values(sizes)) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      await page.goto(`${world.url}/instances`)
      await page.getByText('swarm-0010').first().waitFor()
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Search or run' }).fill('forge')
      await page.getByRole('option', { name: /forge-api-01/ }).waitFor()
      await page.waitForTimeout(400)
      await shoot(page, `palette-${colorScheme}-${viewport.width}`)
      found.push(...(await violationsOf(page)).map((violation) => `${viewport.width}: ${violation}`))
    }
    expect(found).toEqual([])
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/instances/${instance}`)
  })
})
