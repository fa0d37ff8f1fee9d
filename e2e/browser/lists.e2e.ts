// Every list while it is on its way, and when it cannot be read: it says so, keeps what still holds, and comes when it is asked again.
// And what is live in one moves nothing that a hand is about to hit.
import type { Browser, Page, Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openApi } from '../kit/client.ts'
import { openTerminal } from '../kit/terminal.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shootAll } from './page.ts'
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
  const api = await world.api()
  await api.ask('mutation { saveView(input: { name: "Smithy", search: "forge" }) { id } }')
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
  ['the saved views', () => '/instances', 'Views', 'Smithy'],
  ['the counts of the views', () => '/instances', 'InstanceFacets', 'Smithy'],
  ['who has called', () => '/enrol', 'Newcomers', 'Waiting for the agent'],
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

describe('the filters of the instances', () => {
  it('say that their choices are not known, rather than that there are none', async () => {
    const menu = page.getByRole('menu', { name: 'Provider' })
    broken = { operation: 'InstanceFacets', how: 'silent' }
    await go('/instances')
    await page.getByRole('button', { name: 'Provider', exact: true }).click()
    await page.locator('.v-menu').getByRole('status', { name: 'Loading' }).waitFor()
    broken = { operation: 'InstanceFacets', how: 'lost' }
    await go('/instances')
    await page.getByRole('button', { name: 'Provider', exact: true }).click()
    await page.getByText('The choices could not be loaded', { exact: true }).waitFor()
    expect(await page.getByText('Nothing to choose from').count()).toBe(0)
    await shootAll(page, 'instances-choices-lost')
    broken = undefined
    await menu.getByRole('menuitemcheckbox', { name: /^Local\s*1/ }).waitFor()
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

describe.each([
  ['the terminals', () => '/terminals'],
  ['the terminals of an instance', () => `/instances/${instance}/terminals`],
])('%s', (_, at) => {
  const openOne = async (): Promise<string> => {
    const api = await world.api()
    const { openTerminal } = await api.ask(
      'mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id } }',
      { input: { instanceId: instance, cols: 80, rows: 24 } },
    )
    return openTerminal.id
  }
  const endOne = async (id: string) =>
    (await world.api()).ask('mutation ($id: ID!) { endTerminal(id: $id) { id } }', { id })
  const section = (heading: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name: heading, exact: true }) })

  it('come and end by themselves, but not under the pointer', async () => {
    broken = undefined
    const early = await openOne()
    await go(at())
    const open = section('Open').getByRole('listitem')
    await open.first().waitFor()
    const before = await open.count()
    const own = await openOne()
    await expect.poll(() => open.count()).toBe(before + 1)

    await open.nth(1).hover()
    const late = await openOne()
    await section('Open').getByRole('button', { name: '1 new' }).waitFor()
    await endOne(own)
    await open
      .first()
      .getByText(/^Ended by/)
      .waitFor()
    expect(await open.count()).toBe(before + 1)
    await page.mouse.move(0, 0)
    await expect.poll(() => section('Open').getByRole('button', { name: 'new' }).count()).toBe(0)
    await section('Ended')
      .getByText(/^Ended by/)
      .first()
      .waitFor()
    await expect.poll(() => open.count()).toBe(before + 1)
    for (const id of [early, late]) await endOne(id)
    await expect.poll(() => open.count()).toBe(before - 1)
  })
})

it("another user's terminal appears and ends on the fleet page and among the terminals, without a reload", async () => {
  broken = undefined
  const { createUser } = await (
    await world.api()
  ).ask(
    'mutation { createUser(input: { email: "dana@example.com", name: "Dana", role: DEVELOPER }) { oneTimePassword } }',
  )
  const dana = openApi(world.url)
  onTestFinished(() => dana.close())
  const current = createUser.oneTimePassword
  await dana.ask('mutation ($current: String!) { signIn(email: "dana@example.com", password: $current) { name } }', {
    current,
  })
  await dana.ask(
    'mutation ($current: String!) { changePassword(current: $current, next: "struck while hot") { name } }',
    { current },
  )
  const other = await page.context().newPage()
  onTestFinished(() => other.close())
  await Promise.all([go('/'), other.goto(new URL('/terminals', world.url).href)])
  const fleet = page.getByRole('region', { name: 'Open terminals' })
  const onFleet = fleet.getByRole('listitem').filter({ hasText: 'Dana' })
  const amongTerminals = (heading: string) =>
    other
      .locator('section')
      .filter({ has: other.getByRole('heading', { name: heading, exact: true }) })
      .getByRole('listitem')
      .filter({ hasText: 'Dana' })
  // Both have read their list before there is anything of hers to read.
  await fleet.getByRole('listitem').or(fleet.getByText('No terminal is open.')).first().waitFor()
  await other.getByRole('heading', { name: 'Open', exact: true }).waitFor()
  expect([await onFleet.count(), await amongTerminals('Open').count()]).toEqual([0, 0])
  /** Before the list is read again in any case. */
  const soon = { timeout: 15_000 }
  /** Gone with the document: a reload would not bring it back. */
  for (const each of [page, other]) await each.evaluate(() => Object.assign(window, { isFirst: true }))

  const id = await openTerminal(dana, instance)
  await Promise.all([onFleet.waitFor(soon), amongTerminals('Open').waitFor(soon)])
  await dana.ask('mutation ($id: ID!) { endTerminal(id: $id) { id } }', { id })
  await Promise.all([
    onFleet.waitFor({ state: 'detached', ...soon }),
    amongTerminals('Open').waitFor({ state: 'detached', ...soon }),
    amongTerminals('Ended')
      .getByText(/^Ended by Dana/)
      .waitFor(soon),
  ])
  for (const each of [page, other]) expect(await each.evaluate(() => 'isFirst' in window)).toBe(true)

  // The ended ones are shown among the terminals alone: the fleet does not ask for them.
  const isAsked = (request: Request) => request.postDataJSON()?.operationName === 'Terminals'
  const [answer] = await Promise.all([page.waitForResponse((each) => isAsked(each.request())), go('/')])
  expect((await answer.json()).data).toHaveProperty('open')
  expect((await answer.json()).data).not.toHaveProperty('ended')
})

describe('a take-over request', () => {
  it('that cannot be read is said to be so, and comes when it is read again', async () => {
    world.startAgent('twin', { SINDRI_INSTANCE_ID: 'forge' })
    const api = await world.api()
    await expect.poll(async () => (await api.ask('{ takeovers { id } }')).takeovers.length).toBe(1)
    broken = { operation: 'Takeovers', how: 'lost' }
    await go('/instances')
    const alert = page.getByRole('main').getByRole('alert')
    await alert.getByText('Take-over requests could not be loaded').waitFor()
    broken = undefined
    await alert.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('status').filter({ hasText: 'wants to take over forge' }).waitFor()
    expect(await alert.count()).toBe(0)
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
  await viewer.getByText('This needs the administrator role. Ask an administrator of this console').waitFor()
  await viewer.getByText('audit.read needs the admin role. An administrator can grant it.').waitFor()
  await shootAll(viewer, 'forbidden')
  await viewer.context().close()
})
