// Events, audit, access and settings in the browser: what an administrator sees and does, and what a viewer is not even shown.
import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shootAll } from './page.ts'
import { signIn } from './screen.ts'

const mia = { email: 'mia@example.com', name: 'Mia Sand', password: 'struck while it was hot' }

let world: World
let browser: Browser
let page: Page
let faults: string[]

beforeAll(async () => {
  world = await openWorld()
  world.startAgent('forge')
  await world.running('forge')
  browser = await openBrowser()
  ;({ page, faults } = await openPage(browser, { acceptDownloads: true }))
  await signIn(page, world)
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

const go = (path: string) => page.goto(new URL(path, world.url).href)
const query = () => Object.fromEntries(new URL(page.url()).searchParams)
const pane = () => page.getByRole('complementary').last()
const dialog = () => page.getByRole('dialog')

describe('events', () => {
  it('show what happened by day, with the way to the instance', async () => {
    await page.getByRole('link', { name: 'Events' }).click()
    await page.waitForURL('**/events')
    const row = page.getByRole('listitem').filter({ hasText: 'Connected' }).filter({ hasText: 'forge' })
    await row.first().waitFor()
    await page.getByRole('heading', { name: /Today/ }).waitFor()
    expect(await row.first().getByRole('link', { name: 'forge' }).getAttribute('href')).toMatch(/^\/instances\/ins_/)
  })

  it('that are new wait while the pointer is in the list, and come when asked for', async () => {
    await page.getByRole('listitem').filter({ hasText: 'Connected' }).first().hover()
    world.startAgent('anvil')
    await page.getByRole('button', { name: /^\d+ new$/ }).waitFor()
    expect(await page.getByRole('link', { name: 'anvil' }).count()).toBe(0)
    await page.getByRole('button', { name: /^\d+ new$/ }).click()
    await page.getByRole('link', { name: 'anvil' }).first().waitFor()
    await shootAll(page, 'events')
  })

  it('are filtered by the address, which a reload keeps', async () => {
    await page.getByRole('button', { name: 'Kind', exact: true }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Connected', exact: true }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Instance', exact: true }).click()
    await page.getByRole('searchbox', { name: 'Name of an instance' }).fill('anv')
    await page.locator('.v-list-item', { hasText: 'anvil' }).click()
    await until('the filters in the address', async () => query()['kind'] === 'connect' && !!query()['instance'])
    await page.reload()
    await page.getByRole('link', { name: 'anvil' }).first().waitFor()
    expect(await page.getByRole('link', { name: 'forge' }).count()).toBe(0)
    await go('/events?kind=destroy')
    await page.getByText('No event matches this filter').waitFor()
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await page.getByRole('link', { name: 'forge' }).first().waitFor()
  })
})

describe('access', () => {
  let oneTime = ''

  it('makes a user whose one-time password is shown once', async () => {
    await page.getByRole('link', { name: 'Access' }).click()
    await page.waitForURL('**/access/users')
    await page.getByRole('button', { name: 'New user' }).click()
    await page.getByRole('button', { name: 'Create user' }).click()
    await dialog().getByText('An address such as').waitFor()
    await dialog().getByLabel('E-mail').fill(mia.email)
    await dialog().getByLabel('Name', { exact: true }).fill(mia.name)
    await page.getByRole('radio', { name: /^Developer/ }).check()
    await page.getByRole('button', { name: 'Create user' }).click()
    oneTime = (await page.locator('[data-secret]').textContent()) ?? ''
    expect(oneTime.length).toBeGreaterThan(10)
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText(oneTime).waitFor({ state: 'detached' })
    await pane().getByText('One-time password').waitFor()
  })

  it('changes a role at once, under the hands of who has it', async () => {
    const other = await openPage(browser)
    await other.page.goto(world.url)
    await other.page.getByLabel('E-mail').fill(mia.email)
    await other.page.getByLabel('Password', { exact: true }).fill(oneTime)
    await other.page.getByRole('button', { name: 'Sign in' }).click()
    await other.page.getByLabel('New password').fill(mia.password)
    await other.page.getByRole('button', { name: 'Change password' }).click()
    await other.page.waitForURL(({ pathname }) => pathname === '/')

    await page.reload()
    await pane().getByText('one open session').waitFor()
    await pane()
      .getByRole('radio', { name: /^Viewer/ })
      .click()
    await dialog().getByText('Make Mia Sand Viewer?').waitFor()
    await page.getByRole('button', { name: 'Change role' }).click()
    await page.getByText('Mia Sand is Viewer now').waitFor()
    await shootAll(page, 'users')

    await other.page.reload()
    await other.page.getByRole('link', { name: 'Events' }).waitFor()
    for (const name of ['Audit', 'Access']) expect(await other.page.getByRole('link', { name }).count()).toBe(0)
    await other.page.goto(new URL('/settings/profile', world.url).href)
    await other.page.getByRole('link', { name: 'About' }).waitFor()
    expect(await other.page.getByRole('link', { name: 'Console', exact: true }).count()).toBe(0)
    // Whoever knows the address is told what it needs, and shown nothing.
    await other.page.goto(new URL('/access/keys', world.url).href)
    await other.page.getByRole('alert').waitFor()
    for (const name of ['New API key', /Revoke/]) expect(await other.page.getByRole('button', { name }).count()).toBe(0)
    await shootAll(other.page, 'viewer-refused')
    expect(other.faults).toEqual([])

    await pane().getByRole('button', { name: 'Close account…' }).click()
    await dialog().getByText('Ends at once: one open session.').waitFor()
    await dialog().getByRole('button', { name: 'Keep it open' }).click()
    await pane()
      .getByRole('button', { name: /^End the session/ })
      .click()
    await other.page.waitForURL('**/sign-in**')
    await other.page.context().close()
  })

  it('keeps the last administrator, and closes an account only after its e-mail was typed', async () => {
    await go('/access/users')
    await page.getByRole('link', { name: mia.name }).click()
    await pane().getByRole('button', { name: 'Close account…' }).click()
    const act = dialog().getByRole('button', { name: 'Close account' })
    expect(await act.isDisabled()).toBe(true)
    await dialog().getByRole('textbox').fill(mia.email)
    await shootAll(page, 'user-close')
    await act.click()
    await pane().getByText('Closed').waitFor()
    await pane().getByRole('button', { name: 'Open account again' }).waitFor()
    await page.keyboard.press('Escape')
    await page
      .getByRole('row', { name: new RegExp(world.admin.email) })
      .getByRole('link')
      .click()
    await pane().getByText('The last administrator keeps role and account').waitFor()
    expect(
      await pane()
        .getByRole('radio', { name: /^Viewer/ })
        .isDisabled(),
    ).toBe(true)
    expect(await pane().getByRole('button', { name: 'Close account…' }).count()).toBe(0)
  })

  it('makes an API key that opens the API until it is revoked', async () => {
    await page.getByRole('link', { name: 'API keys' }).click()
    await page.waitForURL('**/access/keys')
    await page.getByRole('main').getByRole('button', { name: 'New API key' }).click()
    await page.getByLabel('What it is for').fill('nightly')
    await page.getByRole('button', { name: 'Create key' }).click()
    const secret = (await page.locator('[data-secret]').textContent()) ?? ''
    await shootAll(page, 'key-made')
    await page.getByRole('button', { name: 'Done' }).click()
    const ask = async () => {
      const answer = await fetch(new URL('/graphql', world.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
        body: JSON.stringify({ query: '{ viewer { name } }' }),
      })
      return answer.status
    }
    expect(await ask()).toBe(200)
    await page.getByRole('row', { name: /nightly/ }).waitFor()
    await shootAll(page, 'keys')
    await page.getByRole('button', { name: 'Revoke the key nightly' }).click()
    await dialog().getByText('nor does any key that was made with it').waitFor()
    await shootAll(page, 'key-revoke')
    await dialog().getByRole('textbox').fill('nightly')
    await dialog().getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText('No API key is open').waitFor()
    expect(await ask()).toBe(401)
    await page.getByRole('button', { name: 'Ended' }).click()
    await page.getByRole('row', { name: /nightly.*Revoked/ }).waitFor()
    expect(query()['show']).toBe('ended')
  })
})

describe('the audit log', () => {
  it('tells who did what to whom, and what it changed', async () => {
    await page.getByRole('link', { name: 'Audit' }).click()
    await page.getByRole('button', { name: 'Action', exact: true }).click()
    await page.getByRole('menuitemradio', { name: 'user.manage' }).click()
    await page.keyboard.press('Escape')
    const rows = page.getByRole('row', { name: /user\.manage\.updateUser/ })
    await rows.first().waitFor()
    // The first change of a user was that of the role.
    await rows.last().getByRole('link').click()
    await pane().getByText('role: "DEVELOPER"').waitFor()
    await pane().getByText('role: "VIEWER"').waitFor()
    expect(query()['action']).toBe('user.manage')
    expect(query()['entry']).toMatch(/^\d+$/)
    await shootAll(page, 'audit')
    await page.reload()
    await pane().getByText('User changed').waitFor()
    await page.keyboard.press('Escape')
    await until('the pane to close', async () => query()['entry'] === undefined)
  })

  it('grows by itself, and under the pointer says how many are new instead of moving', async () => {
    const signInWrongly = async (email: string) => {
      await fetch(new URL('/graphql', world.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          query: 'mutation ($email: String!) { signIn(email: $email, password: "not the password") { id } }',
          variables: { email },
        }),
      })
    }
    await go('/audit?action=session.open')
    const rows = page
      .getByRole('main')
      .getByRole('row')
      .filter({ hasText: /signIn/ })
    await rows.first().hover()
    const before = await rows.allTextContents()
    await signInWrongly('nobody@example.com')
    const fresh = page.getByRole('button', { name: '1 new', exact: true })
    await fresh.waitFor()
    expect(await rows.allTextContents()).toEqual(before)
    await shootAll(page, 'audit-new')
    await fresh.click()
    await rows.first().filter({ hasText: 'nobody@example.com' }).waitFor()
    expect((await rows.allTextContents()).slice(1)).toEqual(before)
    await page.mouse.move(0, 0)
    await signInWrongly('somebody@example.com')
    await rows.first().filter({ hasText: 'somebody@example.com' }).waitFor()
  })

  it('shows a refusal by its silhouette and word, and finds by name', async () => {
    await fetch(new URL('/graphql', world.url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'mutation { revealEnrolmentSecret }' }),
    })
    await go('/audit?outcome=denied')
    await page.getByRole('row', { name: /Unknown.*enrolment\.reveal.*Denied/ }).waitFor()
    await go('/audit?search=nightly')
    await page.getByRole('row', { name: /key\.manage\.revokeApiKey.*nightly.*Allowed/ }).waitFor()
  })

  it('goes along as a file, all of it', async () => {
    await go('/audit')
    const take = async (format: string) => {
      await page.getByRole('button', { name: 'Export' }).first().click()
      await dialog().getByRole('button', { name: format }).click()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        dialog().getByRole('button', { name: 'Export', exact: true }).click(),
      ])
      await dialog()
        .getByText(/entries are in sindri-audit-/)
        .waitFor()
      await shootAll(page, `audit-export-${format === 'CSV' ? 'csv' : 'jsonl'}`)
      await dialog().getByRole('button', { name: 'Close' }).click()
      return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') }
    }
    const csv = await take('CSV')
    expect(csv.name).toMatch(/^sindri-audit-.*\.csv$/)
    expect(csv.text).toContain('key.manage.createApiKey')
    const jsonl = await take('JSON lines')
    const entries = jsonl.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string })
    const api = await world.api()
    const { audit } = await api.ask('{ audit(first: 200) { edges { node { id } } } }')
    expect(entries.map(({ id }) => id)).toEqual(audit.edges.map((edge: any) => edge.node.id))
    expect(csv.text.split('\r\n').filter((line) => /^\d+,/.test(line))).toHaveLength(entries.length)
  })
})

describe('the settings', () => {
  it('show what the environment sets as set there, and the secret only when asked', async () => {
    await page.getByRole('link', { name: 'Settings' }).click()
    await page.waitForURL('**/settings/profile')
    await page.getByText('this browser').waitFor()
    await shootAll(page, 'profile')
    await page.getByRole('link', { name: 'Console', exact: true }).click()
    await page.getByText('Set by SINDRI_DATA_DIR').waitFor()
    await page.getByText('Default of SINDRI_METRICS_RETENTION_DAYS').waitFor()
    expect(await page.getByRole('main').locator('input').count()).toBe(0)
    await shootAll(page, 'settings')
    await page.getByRole('button', { name: 'Reveal' }).click()
    const secret = await page.locator('[data-secret]').textContent()
    expect(secret).toMatch(/^[\w-]{43}$/)
    const api = await world.api()
    const { audit } = await api.ask('{ audit(first: 1) { edges { node { action } } } }')
    expect(audit.edges[0].node.action).toBe('enrolment.reveal.revealEnrolmentSecret')
  })

  it('say what this console is, how its parts are, and what it is made of', async () => {
    await page.getByRole('link', { name: 'About' }).click()
    await until('all parts up', async () => (await page.getByText('Up', { exact: true }).count()) >= 3)
    await page.getByText(/It contains \d+ packages/).waitFor()
    await page.getByRole('searchbox', { name: 'Package or licence' }).fill('@vue/reactivity')
    await page.getByRole('button', { name: /@vue\/reactivity/ }).click()
    await page.getByText(/Permission is hereby granted/).waitFor()
    await shootAll(page, 'about')
  })
})

it('no page met an error, and nothing that the policy refused', () => {
  expect(faults).toEqual([])
})
