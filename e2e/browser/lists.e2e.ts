// Every list while it is on its way, and when it cannot be read: it says so, keeps what still holds, and comes when it is asked again.
// And what is live in one moves nothing that a hand is about to hit.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage } from './page.ts'
import { signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page
let instance: string

/** What the network does to one operation of the graph. */
let broken: { operation: string; how: 'lost' | 'silent' } | undefined

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  world.startAgent('forge')
  instance = (await world.running('forge')).id
  ;({ page } = await openPage(browser))
  await page.route('**/graphql', (route) => {
    const asked = (route.request().postDataJSON() as { operationName?: string } | null)?.operationName
    if (!broken || asked !== broken.operation) return route.continue()
    return broken.how === 'lost' ? route.abort() : undefined
  })
  await signIn(page, world)
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

const go = (path: string) => page.goto(new URL(path, world.url).href)

describe.each([
  ['the squares of the fleet', () => '/', 'FleetLoad', 'of 1 instance running'],
  ['what needs attention', () => '/', 'FleetConcerns', 'Nothing needs attention'],
  ['the open terminals of the fleet', () => '/', 'Terminals', 'No terminal is open.'],
  ['the recent events', () => '/', 'RecentEvents', /linked from/],
  ['the instances', () => '/instances', 'Instances', 'forge'],
  ['an instance', () => `/instances/${instance}`, 'Instance', 'Top processes'],
  ['its charts', () => `/instances/${instance}`, 'Series', 'Show as table'],
  ['its terminals', () => `/instances/${instance}/terminals`, 'Terminals', 'No terminal was opened here yet'],
  ['its events', () => `/instances/${instance}/events`, 'InstanceEvents', /linked from/],
  ['the terminals', () => '/terminals', 'Terminals', 'No terminal is open'],
  ['the events', () => '/events', 'FleetEvents', /linked from/],
  ['the audit log', () => '/audit', 'AuditPage', 'agent.enrol.registerInstance'],
  ['the users', () => '/access/users', 'Users', 'admin@example.com'],
  ['the API keys', () => '/access/keys', 'ApiKeys', 'No API key is open'],
  ['the sessions', () => '/settings/profile', 'Sessions', 'this browser'],
  ['the settings', () => '/settings/console', 'Settings', 'Set by SINDRI_DATA_DIR'],
  ['what this console is', () => '/settings/about', 'About', 'Health'],
])('%s', (_, at, operation, shows) => {
  const content = () => page.getByRole('main').getByText(shows).first()

  it('while it is on its way', async () => {
    broken = { operation, how: 'silent' }
    await go(at())
    await page.getByRole('main').getByRole('status', { name: 'Loading' }).first().waitFor()
    expect(await content().count()).toBe(0)
  })

  it('when it cannot be read, and read again', async () => {
    broken = { operation, how: 'lost' }
    await go(at())
    const alert = page.getByRole('main').getByRole('alert').filter({ hasText: 'could not be loaded' })
    await alert.getByText('UNREACHABLE').waitFor()
    broken = undefined
    await alert.getByRole('button', { name: 'Try again' }).click()
    await content().waitFor()
    await alert.waitFor({ state: 'detached' })
  })
})

describe('the fleet', () => {
  const region = (name: string) => page.getByRole('region', { name })

  /** A stranger asks for what only some may do. */
  const refused = (query: string) =>
    fetch(new URL('/graphql', world.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    })

  it('shows a terminal that is opened elsewhere, and what was refused, without a word from anybody', async () => {
    broken = undefined
    await go('/')
    await region('Open terminals').getByText('No terminal is open.').waitFor()
    const api = await world.api()
    await api.ask('mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id } }', {
      input: { instanceId: instance, cols: 80, rows: 24 },
    })
    await region('Open terminals').getByRole('link', { name: 'forge' }).waitFor()
    await refused('mutation { revealEnrolmentSecret }')
    await region('Needs attention').getByRole('link').first().waitFor()
  })

  it('leaves what needs attention where it is under the pointer, and counts on', async () => {
    const lines = region('Needs attention').getByRole('listitem')
    await lines.first().hover()
    const before = await lines.allTextContents()
    const count = await region('Needs attention').locator('header').textContent()
    await refused('mutation { createApiKey(input: { name: "odd", role: VIEWER }) { secret } }')
    await expect.poll(() => region('Needs attention').locator('header').textContent()).not.toBe(count)
    expect((await lines.allTextContents()).length).toBe(before.length)
    await page.mouse.move(0, 0)
    await expect.poll(() => lines.count()).toBeGreaterThan(before.length)
  })

  it('leads from a count to the instances that were counted', async () => {
    await page.getByRole('link', { name: '1 instance of Local' }).click()
    await page.waitForURL(/provider=local/)
    await page.getByRole('row', { name: /forge/ }).waitFor()
  })
})

it('a role that may not says who can change that', async () => {
  const api = await world.api()
  const { createUser } = await api.ask(
    'mutation { createUser(input: { email: "vera@example.com", name: "Vera", role: VIEWER }) { oneTimePassword } }',
  )
  const { page: viewer } = await openPage(browser)
  await viewer.goto(`${world.url}/audit`)
  await viewer.getByLabel('E-mail').fill('vera@example.com')
  await viewer.getByLabel('Password', { exact: true }).fill(createUser.oneTimePassword)
  await viewer.keyboard.press('Enter')
  await viewer.getByLabel('New password').fill('struck while hot')
  await viewer.keyboard.press('Enter')
  await viewer.getByText('audit.read needs the admin role. An administrator can grant it.').waitFor()
  await viewer.context().close()
})
