// The states beside the happy path: a first password, an empty fleet, a console that is away, a session that was ended,
// a role that may not, a machine that asks to be another, an act that failed, a theme.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Proc } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shootAll } from './page.ts'
import { signIn } from './screen.ts'

let world: World
let browser: Browser
let admin: Page
let agent: Proc
const faults: string[][] = []

const newPage = async (): Promise<Page> => {
  const opened = await openPage(browser)
  faults.push(opened.faults)
  return opened.page
}
const at = (page: Page, path: string): Promise<void> => page.waitForURL(({ pathname }) => pathname === path)
const row = (page: Page, name: string) => page.getByRole('row', { name: new RegExp(name) })

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  admin = await newPage()
  await signIn(admin, world)
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

describe('an empty fleet', () => {
  it('shows how a machine joins, with the secret for who asks', async () => {
    await admin.getByRole('heading', { name: 'Add your first instance' }).waitFor()
    await admin.getByText('Waiting for the agent').waitFor()
    await admin.getByText(`SINDRI_CONSOLE_URL=${world.url}`).waitFor()
    await admin.getByRole('button', { name: 'Show the secret' }).click()
    await admin.getByText(/SINDRI_CONSOLE_API_KEY=[\w-]{43}/).waitFor()
    await shootAll(admin, 'empty')
  })

  it('becomes the fleet when the first agent calls, by itself', async () => {
    agent = world.startAgent('anvil')
    await admin.getByText('of 1 instance running').waitFor()
    await admin.getByRole('link', { name: 'Instances', exact: true }).click()
    await row(admin, 'anvil').getByText('Running').waitFor()
    await row(admin, 'anvil')
      .getByText(/CPU \d+%/)
      .waitFor()
  })
})

describe('who comes for the first time', () => {
  let viewer: Page
  it('must choose a password before anything else, and then goes where they wanted to', async () => {
    const api = await world.api()
    const { createUser } = await api.ask(
      `mutation { createUser(input: { email: "vera@example.com", name: "Vera", role: VIEWER }) { oneTimePassword } }`,
    )
    viewer = await newPage()
    await viewer.goto(`${world.url}/terminals`)
    await viewer.getByLabel('E-mail').fill('vera@example.com')
    await viewer.getByLabel('Password', { exact: true }).fill(createUser.oneTimePassword)
    await viewer.keyboard.press('Enter')
    await at(viewer, '/password')
    await viewer.goto(`${world.url}/terminals`)
    await at(viewer, '/password')
    // After a reload the page no longer knows what was typed.
    await viewer.getByLabel('One-time password').fill(createUser.oneTimePassword)
    await viewer.getByLabel('New password').fill('too short')
    await viewer.keyboard.press('Enter')
    await viewer.getByText('Between 12 and 256 characters, got 9.').waitFor()
    await shootAll(viewer, 'first-password')
    await viewer.getByLabel('New password').fill('struck while hot')
    await viewer.keyboard.press('Enter')
    await at(viewer, '/terminals')
    await viewer.getByText('No terminal is open').waitFor()
  })

  it('sees nothing of what a viewer may not do', async () => {
    await viewer.getByRole('link', { name: 'Instances', exact: true }).click()
    await row(viewer, 'anvil').getByText('Running').waitFor()
    expect(await viewer.getByRole('link', { name: 'Add instance' }).count()).toBe(0)
    await viewer.getByRole('link', { name: 'anvil' }).click()
    await viewer.getByRole('heading', { name: 'Top processes' }).waitFor()
    expect(await viewer.getByRole('button', { name: /terminal/i }).count()).toBe(0)
    await viewer.goto(`${world.url}/enrol`)
    await viewer.getByText('The secret is shown to those with the operator role.').waitFor()
    expect(await viewer.getByRole('button', { name: /secret|Copy/ }).count()).toBe(0)
    await viewer.context().close()
  })
})

describe('a session', () => {
  it('that is ended elsewhere leaves at once, and comes back to where it was', async () => {
    const other = await newPage()
    await signIn(other, world)
    await other.getByRole('link', { name: 'Terminals', exact: true }).click()
    await at(other, '/terminals')
    await admin.goto(`${world.url}/settings/profile`)
    // Programs of this user have sessions, too; this browser's own cannot be ended here.
    const browsers = admin.getByRole('listitem').filter({ hasText: 'Chrome on Linux' })
    await browsers.getByRole('button', { name: /^End the session/ }).click()
    await at(other, '/sign-in')
    await other.getByLabel('E-mail').fill(world.admin.email)
    await other.getByLabel('Password', { exact: true }).fill(world.admin.password)
    await other.keyboard.press('Enter')
    await at(other, '/terminals')
    await other.context().close()
  })
})

describe('without the console', () => {
  it('figures say of when they are, nothing can be done, and the page comes back by itself', async () => {
    await admin.goto(`${world.url}/instances`)
    await admin.getByRole('link', { name: 'anvil' }).click()
    const open = admin.getByRole('button', { name: 'Open terminal' })
    const strip = admin.getByText(/^Connection to the console lost/)
    await admin
      .getByText(/\d\d:\d\d to now/)
      .first()
      .waitFor()
    await admin.getByText(/\d% of \d+ cores?/).waitFor()
    expect(await open.isEnabled()).toBe(true)

    await world.killConsole()
    await admin.getByText('Reconnecting').waitFor()
    expect(await strip.count()).toBe(0)
    await strip.waitFor()
    expect(await admin.getByText(/ago$/).first().textContent()).toMatch(/lost [5-9]\ss ago$/)
    await admin.getByText(/\d% of \d+ cores?.*as of \d/).waitFor()
    expect(await open.isDisabled()).toBe(true)
    await shootAll(admin, 'cold')
    // What was not looked at before opens all the same.
    await admin.getByRole('link', { name: 'Settings', exact: true }).click()
    await admin.getByRole('heading', { name: 'Password' }).waitFor()
    await admin.goBack()

    await world.startConsole()
    await strip.waitFor({ state: 'detached' })
    await admin.getByText('Live', { exact: true }).first().waitFor()
    await open.and(admin.locator(':enabled')).waitFor()
    await admin
      .getByText(/as of \d/)
      .first()
      .waitFor({ state: 'detached' })
  })
})

describe('a machine with another key', () => {
  const call = (state: string) => world.startAgent(state, { SINDRI_INSTANCE_ID: 'anvil' })
  const banner = () => admin.getByRole('status').filter({ hasText: 'wants to take over anvil' })
  const asked = async () => {
    const api = await world.api()
    await expect.poll(async () => (await api.ask('{ takeovers { id } }')).takeovers.length, { timeout: 20_000 }).toBe(1)
    await admin.goto(`${world.url}/instances`)
    await banner().waitFor()
  }

  it('is told no once an operator refuses, which the audit log says', async () => {
    // The machine was made anew: the one before is no more.
    await agent.end()
    const stranger = call('stranger')
    await asked()
    await banner().getByRole('button', { name: 'Refuse' }).click()
    await banner().waitFor({ state: 'detached' })
    await admin.getByRole('status').getByText('Take-over of anvil refused').waitFor()
    await shootAll(admin, 'takeover-refused')
    // It would ask again within half a minute; begun anew it asks at once, and gives up.
    await stranger.end()
    const again = call('stranger')
    expect(await again.exited).not.toBe(0)
    expect(again.output()).toContain('An operator refused to let this machine take over anvil.')
    await row(admin, 'anvil').waitFor()
    expect(await banner().count()).toBe(0)
    await admin.goto(`${world.url}/audit?action=takeover.answer`)
    const entry = row(admin, 'takeover.answer.answerTakeover')
    await entry.getByText('Allowed').waitFor()
    await entry.getByRole('link').first().click()
    const pane = admin.getByRole('complementary').last()
    await pane.getByText('instance: "anvil"').waitFor()
    await pane.getByText('allowed: false').waitFor()
  })

  it('gets the name it asks for once an operator allows it', async () => {
    const usurper = call('usurper')
    await asked()
    await shootAll(admin, 'takeover')
    await banner().getByRole('button', { name: 'Allow…' }).click()
    await admin.getByRole('dialog').getByText('terminals end at once').waitFor()
    await admin.getByRole('button', { name: 'Hand over the instance' }).click()
    await banner().waitFor({ state: 'detached' })
    await usurper.end()
    call('usurper')
    await row(admin, 'anvil').getByText('Running').waitFor()
  })
})

describe('an act that failed', () => {
  let id = ''
  const toast = () => admin.getByRole('status').filter({ hasText: 'The view Forge was not changed' })

  it('is told at once', async () => {
    const api = await world.api()
    const { saveView } = await api.ask('mutation ($input: ViewInput!) { saveView(input: $input) { id } }', {
      input: { name: 'Forge', search: 'forge' },
    })
    await admin.goto(`${world.url}/instances?search=forge`)
    await admin.getByRole('button', { name: 'Actions on the view Forge' }).click()
    await admin.getByRole('menuitem', { name: 'Rename…' }).waitFor()
    // Somebody else is faster.
    await api.ask('mutation ($id: ID!) { deleteView(id: $id) }', { id: saveView.id })
    const answer = admin.waitForResponse((response) => response.request().postData()?.includes('deleteView') ?? false)
    await admin.getByRole('menuitem', { name: 'Delete' }).click()
    id = (await answer).headers()['x-request-id'] ?? ''
    expect(id).toMatch(/^req_/)
    await toast().waitFor()
  })

  // On a page of its own, while the word of the fault fades from the other.
  it('meanwhile, a theme is what the user chose, or what the system has', async () => {
    const page = await newPage()
    await signIn(page, world)
    const canvas = { dark: 'rgb(11, 13, 17)', light: 'rgb(246, 245, 243)' }
    const shows = (theme: keyof typeof canvas) =>
      expect
        .poll(() =>
          page.evaluate(() => getComputedStyle(document.querySelector('.v-application') as Element).backgroundColor),
        )
        .toBe(canvas[theme])
    const choose = async (theme: string) => {
      await page.getByRole('button', { name: /^Administrator/ }).click()
      await page.getByRole('menuitemradio', { name: theme }).click()
    }
    await shows('dark')
    await choose('Light')
    await shows('light')
    await page.reload()
    await shows('light')
    await choose('As the system')
    await shows('dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await shows('light')
    await page.emulateMedia({ colorScheme: 'dark' })
    await shows('dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await choose('Dark')
    await shows('dark')
    await page.reload()
    await page.getByRole('button', { name: /^Administrator/ }).click()
    await page.getByRole('menuitemradio', { name: 'Dark', checked: true }).waitFor()
    await shows('dark')
    await page.context().close()
  })

  it('is kept behind the bell when the word of it is gone, with the id that finds it in the log', async () => {
    await toast().waitFor({ state: 'detached' })
    await admin.getByRole('button', { name: 'Activity of this page, one new fault' }).click()
    const kept = admin.getByRole('region', { name: 'Activity of this page' }).getByRole('listitem')
    // One: of several it would refuse to wait.
    await kept.waitFor()
    await kept.getByText('The view Forge was not changed').waitFor()
    await kept.getByText('NOT_FOUND').and(kept.getByText(id)).waitFor()
    await shootAll(admin, 'fault-kept')
    await admin.keyboard.press('Escape')
    await admin.getByRole('button', { name: 'Activity of this page', exact: true }).waitFor()
  })

  it('is not told to whoever signs in next', async () => {
    await admin.getByRole('button', { name: /^Administrator/ }).click()
    await admin.getByRole('menuitem', { name: 'Sign out' }).click()
    await admin.getByLabel('E-mail').fill(world.admin.email)
    await admin.getByLabel('Password', { exact: true }).fill('not the password')
    await admin.keyboard.press('Enter')
    await admin.getByText('E-mail and password do not match').waitFor()
    await admin.getByLabel('Password', { exact: true }).fill(world.admin.password)
    await admin.keyboard.press('Enter')
    await admin.getByRole('button', { name: 'Activity of this page', exact: true }).click()
    await admin.getByText('Nothing yet').waitFor()
  })
})

it('no page met an error, or anything that the policy refused', () => {
  expect(faults.flat()).toEqual([])
})
