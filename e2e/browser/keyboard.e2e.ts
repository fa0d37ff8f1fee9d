// The whole way by the keyboard: past the navigation, to every place, into menus and dialogs, and back to where one was.
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { violationsOf } from './axe.ts'
import { escape, openBrowser, openPage, sizes } from './page.ts'
import { signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  world.startAgent('forge')
  await world.running('forge')
  ;({ page } = await openPage(browser))
  await signIn(page, world)
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

const hasFocus = (what: Locator): Promise<boolean> =>
  what.evaluateAll((found) => found.some((one) => one === document.activeElement))
const focusOn = (what: Locator) => until(`the focus on ${String(what)}`, () => hasFocus(what))
const go = (path: string) => page.goto(new URL(path, world.url).href)
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' }).first()
const dialog = () => page.getByRole('dialog')
const main = () => page.getByRole('main')

it('goes past the navigation at once', async () => {
  await go('/')
  await page.getByText('of 1 instance running').waitFor()
  await page.keyboard.press('Tab')
  await focusOn(page.getByRole('link', { name: 'Skip to content' }))
  await page.keyboard.press('Enter')
  await focusOn(main())
  await page.keyboard.press('Tab')
  await focusOn(main().getByRole('link').first())
})

it.each([
  ['i', '/instances'],
  ['t', '/terminals'],
  ['e', '/events'],
  ['a', '/audit'],
  ['x', '/access/users'],
  ['s', '/settings/profile'],
  ['f', '/'],
])('G %s leads to %s, with the focus in it', async (letter, path) => {
  await page.keyboard.press('g')
  await page.keyboard.press(letter)
  await page.waitForURL(({ pathname }) => pathname === path)
  await focusOn(main())
})

describe('a filter of a list', () => {
  it('is left by Escape, which takes nothing out of it', async () => {
    await go('/instances')
    const forge = main().getByRole('link', { name: 'forge', exact: true })
    await forge.waitFor()
    await page.keyboard.press('/')
    const filter = main().getByRole('searchbox')
    await focusOn(filter)
    await page.keyboard.type('forg')
    await page.waitForURL(({ search }) => search === '?search=forg')
    await forge.waitFor()
    await page.keyboard.press('Escape')
    await focusOn(forge)
    expect(await filter.inputValue()).toBe('forg')
  })

  it('with many choices takes the one that was looked for', async () => {
    const tags = Array.from({ length: 12 }, (_, at) => ({ key: `shelf-${at + 1}`, value: '' }))
    await (
      await world.api()
    ).ask('mutation ($id: ID!, $tags: [TagInput!]!) { setInstanceTags(id: $id, tags: $tags) { id } }', {
      id: (await world.running('forge')).id,
      tags,
    })
    const chosen = () => new URL(page.url()).searchParams.getAll('tag')
    await go('/instances')
    await button('Tag').focus()
    await page.keyboard.press('Enter')
    await focusOn(page.getByRole('searchbox', { name: 'Find' }))
    await page.keyboard.type('shelf-12')
    await page.getByRole('menuitemcheckbox').waitFor()
    await page.keyboard.press('Enter')
    await expect.poll(chosen).toEqual(['shelf-12'])
    await page.keyboard.press('ArrowDown')
    await focusOn(page.getByRole('menuitemcheckbox', { name: 'shelf-12' }))
    await page.keyboard.press('Enter')
    await expect.poll(chosen).toEqual([])
    await page.keyboard.press('Escape')
    await focusOn(button('Tag'))
  })
})

describe('what was opened gives the focus back to what had it:', () => {
  /** Twice: the browser by itself would put the focus where a dialog wants it the first time alone. */
  const returns = async (at: string, from: Locator, key: string, first: Locator) => {
    await go(at)
    for (let i = 0; i < 2; i++) {
      await from.focus()
      await page.keyboard.press(key)
      await focusOn(dialog().locator(first))
      await escape(page)
      await dialog().waitFor({ state: 'detached' })
      await focusOn(from)
    }
  }

  it('the palette', () => returns('/events', button('Kind'), 'Control+k', page.getByRole('combobox')))
  it('the shortcuts', () => returns('/events', button('Kind'), '?', page.getByRole('button', { name: 'Close' })))
  it('the shortcuts that the palette opened', async () => {
    await go('/events')
    const from = button('Kind')
    await from.focus()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search or run' }).fill('shortcuts')
    await page.keyboard.press('Enter')
    const shortcuts = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await shortcuts.waitFor()
    // In the moment in which one dialog follows another neither hears the key; nobody is as fast by hand.
    await until('the dialog to close', async () => {
      await page.keyboard.press('Escape')
      return !(await shortcuts.isVisible())
    })
    await focusOn(from)
  })
  it('the export', () => returns('/audit', button('Export'), 'Enter', button('Export')))
  it('a new user', () => returns('/access/users', button('New user'), 'Enter', page.getByRole('textbox').first()))
  it('a new view', () => returns('/instances?search=forge', button('Save view'), 'Enter', page.getByRole('textbox')))
  it('the choice of an instance for a terminal', () =>
    returns('/terminals', button('New terminal'), 'Enter', page.getByRole('textbox')))
  it('a question, to the way out of it', async () => {
    const api = await world.api()
    await api.ask('mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id } }', {
      input: { instanceId: (await world.running('forge')).id, cols: 80, rows: 24 },
    })
    await returns('/terminals', main().getByRole('button', { name: 'End…' }), 'Enter', button('Keep it open'))
  })
  it('a new key, also after its secret was shown', async () => {
    const name = page.getByRole('textbox').first()
    await returns('/access/keys', button('New API key'), 'Enter', name)
    await page.keyboard.press('Enter')
    await focusOn(dialog().locator(name))
    await page.keyboard.type('nightly')
    await page.keyboard.press('Enter')
    await dialog().getByText('nightly').first().waitFor()
    await focusOn(dialog().getByRole('button', { name: 'Copy' }))
    await dialog().getByRole('button').last().press('Enter')
    await focusOn(button('New API key'))
  })
  it('a question that a menu asked, to what opened the menu', async () => {
    await go('/instances')
    const menu = button('Actions on forge')
    await menu.focus()
    await page.keyboard.press('Enter')
    const remove = page.getByRole('menuitem', { name: /^Remove/ })
    await remove.focus()
    await page.keyboard.press('Enter')
    await focusOn(dialog().getByRole('textbox'))
    await escape(page)
    await dialog().waitFor({ state: 'detached' })
    await focusOn(menu)
  })
  it('tags that a menu asked for', async () => {
    await go('/instances')
    const menu = button('Actions on forge')
    for (let i = 0; i < 2; i++) {
      await menu.focus()
      await page.keyboard.press('Enter')
      const tags = page.getByRole('menuitem', { name: /^Edit tags/ })
      await tags.focus()
      await page.keyboard.press('Enter')
      await focusOn(dialog().getByRole('combobox').or(dialog().getByRole('textbox')).first())
      await escape(page)
      await dialog().waitFor({ state: 'detached' })
      await focusOn(menu)
    }
  })
  it('an answer that was asked for, and is shown this once', async () => {
    const api = await world.api()
    const input = { email: 'dana@example.com', name: 'Dana', role: 'DEVELOPER' }
    await api.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id } } }', { input })
    await go('/access/users')
    await main().getByText(input.email).first().click()
    const reset = button('Reset password…')
    await reset.press('Enter')
    await focusOn(dialog().getByRole('button', { name: 'Keep the password' }))
    await dialog().getByRole('button', { name: 'Reset password' }).press('Enter')
    await focusOn(dialog().getByRole('button', { name: 'Copy' }))
    await dialog().getByRole('button').last().press('Enter')
    await focusOn(reset)
  })
  it('or to the screen, where that is gone a moment later with what was removed', async () => {
    world.startAgent('tongs')
    await world.running('tongs')
    await go('/instances')
    const menu = button('Actions on tongs')
    await menu.press('Enter')
    await page.getByRole('menuitem', { name: /^Remove/ }).press('Enter')
    await focusOn(dialog().getByRole('textbox'))
    await page.keyboard.type('tongs')
    await page.keyboard.press('Enter')
    await menu.waitFor({ state: 'detached' })
    await focusOn(main())
  })
  it('a pane beside a list, opened by J and Enter', async () => {
    await go('/access/users')
    const row = page.getByRole('row', { name: /Administrator/ }).getByRole('link')
    await row.waitFor()
    await page.keyboard.press('j')
    await focusOn(row)
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Administrator' }).waitFor()
    await page.keyboard.press('Escape')
    await page.waitForURL(({ pathname }) => pathname === '/access/users')
    await focusOn(row)
  })
})

describe('on a phone', () => {
  beforeAll(() => page.setViewportSize(sizes.narrow))
  afterAll(() => page.setViewportSize(sizes.wide))

  it('a pane takes the focus with it, and gives it back to the line', async () => {
    await go('/audit')
    const line = main().getByRole('link').first()
    await line.focus()
    await page.keyboard.press('Enter')
    await focusOn(page.getByRole('complementary').getByRole('button', { name: 'Close' }))
    await page.keyboard.press('Enter')
    await focusOn(line)
  })

  it('the places that do not fit are a menu for everybody', async () => {
    await go('/')
    await button('More').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Audit' }).waitFor()
    expect(await violationsOf(page)).toEqual([])
    await page.keyboard.press('Escape')
    await focusOn(button('More'))
  })
})

describe('menus are open to everybody, and give the focus back:', () => {
  it.each([
    ['/events', 'Kind'],
    ['/events', 'Time'],
    ['/events', 'Instance'],
    ['/audit', 'Action'],
    ['/instances', 'Status'],
    ['/instances', 'Columns'],
    ['/instances', 'Actions on forge'],
    ['/', /^Administrator/],
    ['/', 'Activity of this page'],
  ])('%s %s', async (at, name) => {
    await go(at)
    const opener = button(name)
    await opener.focus()
    await page.keyboard.press('Enter')
    await page.locator('.v-overlay--active').waitFor()
    await page.keyboard.press('ArrowDown')
    expect(await violationsOf(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('.v-overlay--active').waitFor({ state: 'detached' })
    await focusOn(opener)
  })
})

it("with the user's own colours it still shows what is chosen, and how full a bar is", async () => {
  await page.emulateMedia({ forcedColors: 'active' })
  await go('/')
  await page.getByRole('table').getByRole('link', { name: 'forge' }).waitFor()
  const style = (what: Locator, property: 'outlineStyle' | 'backgroundColor') =>
    what.evaluate((one, named) => getComputedStyle(one)[named], property)
  expect(await style(page.getByRole('link', { name: 'Fleet', exact: true }).first(), 'outlineStyle')).toBe('solid')
  expect(await style(page.getByRole('link', { name: 'Events', exact: true }).first(), 'outlineStyle')).toBe('none')
  expect(await style(button('CPU'), 'outlineStyle')).toBe('solid')
  expect(await style(button('Memory'), 'outlineStyle')).toBe('none')
  const bar = page.locator('.meter .fill').first()
  expect(await style(bar, 'backgroundColor')).not.toBe(await style(page.locator('body'), 'backgroundColor'))
  await page.emulateMedia({ forcedColors: 'none' })
})
