// The workspace of terminals in the browser: tabs and splits over two real agents, and everything one does in them.
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest'
import { until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { violationsOf } from './axe.ts'
import { escape, openBrowser, openPage, shoot, shootAll, sizes } from './page.ts'
import { type Screen, screenOf, signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page
let faults: string[]

beforeAll(async () => {
  world = await openWorld()
  world.startAgent('forge')
  world.startAgent('anvil')
  browser = await openBrowser()
  ;({ page, faults } = await openPage(browser, { permissions: ['clipboard-read', 'clipboard-write'] }))
  await signIn(page, world)
  await world.running('forge')
  await world.running('anvil')
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

beforeEach(() => {
  onTestFailed(() => shoot(page, 'workspace-failed'))
})

const button = (name: string, within: Page | Locator = page): Locator =>
  within.getByRole('button', { name, exact: true })
/** In the order of the tabs, those out of sight included. */
const ids = (): Promise<string[]> =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll<HTMLElement>('[data-terminal]'), (pane) => pane.dataset['terminal'] ?? ''),
  )
const selectorOf = (id: string): string => `[data-terminal="${id}"]`
const paneOf = (id: string): Locator => page.locator(selectorOf(id))
const screen = (id: string): Screen => screenOf(page, selectorOf(id))
const inSight = (): Promise<number> => page.locator('[data-terminal]:visible').count()
const focused = (): string => new URL(page.url()).searchParams.get('open') ?? ''
const clipboard = (): Promise<string> => page.evaluate(() => navigator.clipboard.readText())
const menu = async (id: string, item: string): Promise<void> => {
  await button('Pane menu', paneOf(id)).click()
  await page.locator('.v-overlay--active').getByText(item, { exact: true }).click()
}
/** What a shell says to a command, in a pane that has the keyboard. */
const run = async (command: string, sees: string | RegExp): Promise<void> => {
  const shown = screen(focused())
  await shown.type(`${command}\r`)
  await shown.sees(sees)
}
const opened = async (before: readonly string[]): Promise<string> => {
  const id = await until('another terminal', async () => (await ids()).find((one) => !before.includes(one)))
  await until('its address', async () => focused() === id)
  await screen(id).live()
  await screen(id).prompted()
  return id
}

let first: string
let second: string
let other: string

describe('the workspace', () => {
  it('opens a terminal on an instance that is found by its name', async () => {
    await page.getByRole('link', { name: 'Terminals', exact: true }).click()
    await page.getByText('No terminal is open').waitFor()
    await shootAll(page, 'terminals-none')
    await button('New terminal').click()
    const dialog = page.getByRole('dialog', { name: 'Open a terminal' })
    await dialog.getByRole('button', { name: /^anvil/ }).waitFor()
    await shoot(page, 'terminals-picker')
    await dialog.getByLabel('Search instances and terminals').fill('forg')
    await until('one instance', async () => (await dialog.getByRole('button', { name: /^anvil/ }).count()) === 0)
    await page.keyboard.press('Enter')
    first = await opened([])
    await run('echo first-$((40+2))', 'first-42')
  })

  it('splits beside a shell of the same instance, and with one of another', async () => {
    await button('Split right', paneOf(first)).click()
    second = await opened([first])
    expect(await inSight()).toBe(2)
    await run('echo second-$((40+3))', 'second-43')
    await menu(second, 'Split with another instance…')
    await page
      .getByRole('dialog', { name: 'Open a terminal' })
      .getByRole('button', { name: /^anvil/ })
      .click()
    other = await opened([first, second])
    await run('echo other-$((40+4))', 'other-44')
    expect(await inSight()).toBe(3)
    await menu(other, 'Move to a tab of its own')
    await until('a tab of its own', async () => (await inSight()) === 1)
    await screen(other).sees('other-44')
    await page.getByRole('button', { name: 'forge, Live, 2 panes' }).click()
    await until('the split', async () => (await inSight()) === 2)
  })

  it('gives a divider to the keyboard and to the pointer', async () => {
    const divider = page.getByRole('separator', { name: 'Width of the panes on the left' })
    const width = async (): Promise<number> => (await paneOf(first).boundingBox())?.width ?? 0
    const before = await width()
    await divider.focus()
    for (let presses = 0; presses < 5; presses++) await page.keyboard.press('ArrowRight')
    expect(await divider.getAttribute('aria-valuenow')).toBe('60')
    expect(await width()).toBeGreaterThan(before + 50)
    const box = await divider.boundingBox()
    if (!box) throw new Error('expected a divider in sight, got none')
    await page.mouse.move(box.x + 4, box.y + 200)
    await page.mouse.down()
    await page.mouse.move(box.x - 600, box.y + 200, { steps: 4 })
    await page.mouse.up()
    await until('a narrow pane', async () => (await width()) < before / 2)
    // However narrow, its head keeps what leads out of it; the name gives way.
    await paneOf(first).locator('.xterm-screen').click()
    const close = await button('Close the pane; its shell is kept', paneOf(first)).boundingBox()
    const pane = await paneOf(first).boundingBox()
    expect((close?.x ?? Infinity) + (close?.width ?? 0)).toBeLessThanOrEqual((pane?.x ?? 0) + (pane?.width ?? 0))
    await shoot(page, 'terminals-narrow')
    await divider.dblclick()
    expect(await divider.getAttribute('aria-valuenow')).toBe('50')
  })

  it('moves between panes and tabs by the keyboard, once it has left the terminal', async () => {
    await paneOf(second).locator('.xterm-screen').click()
    await until('the second', async () => focused() === second)
    await page.keyboard.press('Control+k')
    expect(focused()).toBe(second)
    await page.keyboard.press('Shift+F6')
    await page.keyboard.press('ArrowLeft')
    await until('the first', async () => focused() === first)
    await run('echo keys-$((1+1))', 'keys-2')
    await page.getByRole('button', { name: 'forge, Live, 2 panes' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await until('the other tab', async () => focused() === other)
    await run('echo there-$((1+1))', 'there-2')
    await page.getByRole('button', { name: 'forge, Live, 2 panes' }).click()
  })

  it('is reached from the palette, and left for it, by keys alone', async () => {
    await until('the split', async () => (await inSight()) === 2)
    const before = await ids()
    await page.keyboard.press('Shift+F6')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search or run' }).fill('anvil')
    await page.getByRole('option', { name: /anvil/ }).first().waitFor()
    await page.keyboard.press('Control+Enter')
    const reached = await opened(before)
    await run('echo reached-$((1+1))', 'reached-2')
    await page.keyboard.press('Control+k')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await screen(reached).type('exi')
    await screen(reached).sees(/[#$] exi$/m)
    await page.keyboard.press('Shift+F6')
    await page.keyboard.press('Control+k')
    await page.locator('input:focus[role=combobox]').waitFor()
    await escape(page)
    // Back at the head of the pane, from which Enter leads into it; it is no key of the shell's.
    await page.locator('.head:focus').waitFor()
    await page.keyboard.press('Enter')
    await screen(reached).type('t\r')
    await page.getByText('Exit code 0.').waitFor()
    await button('Close the pane', paneOf(reached)).first().click()
    await page.getByRole('button', { name: 'forge, Live, 2 panes' }).click()
  })

  it('shows the same after a reload, arrangement and output', async () => {
    await until('the split', async () => (await inSight()) === 2)
    await shootAll(page, 'terminals')
    await page.reload()
    await screen(first).live()
    await screen(second).live()
    await screen(first).sees('first-42')
    await screen(second).sees('second-43')
    // Nobody has looked at the other tab yet: its terminal is not held by this page.
    await page.getByRole('button', { name: 'anvil, Detached' }).click()
    await screen(other).sees('other-44')
    await page.getByRole('button', { name: 'anvil, Live' }).waitFor()
  })

  it('keeps its panes behind another screen', async () => {
    await paneOf(other).evaluate((pane) => pane.setAttribute('data-same', 'yes'))
    await page.getByRole('link', { name: 'Instances', exact: true }).click()
    await page.getByRole('link', { name: 'anvil' }).waitFor()
    await page.getByRole('link', { name: 'Terminals', exact: true }).click()
    await until('the pane', async () => focused() === other && (await inSight()) === 1)
    expect(await paneOf(other).getAttribute('data-same')).toBe('yes')
    await run('echo behind-$((1+1))', 'behind-2')
  })
})

describe('in a terminal', () => {
  const paste = (text: string): Promise<void> =>
    page.evaluate((pasted) => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', pasted)
      document.activeElement?.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
      )
    }, text)

  it('lines that would run at once are shown before they are pasted', async () => {
    await run(`clear; bind 'set enable-bracketed-paste off'; echo plain-$((1+1))`, 'plain-2')
    await paste('echo pasted-$((1+0))\necho pasted-$((1+1))\n')
    const dialog = page.getByRole('dialog', { name: 'Paste 2 lines?' })
    await dialog.getByText('echo pasted-$((1+0))').waitFor()
    await shoot(page, 'terminals-paste')
    await dialog.locator('button:focus', { hasText: 'Do not paste' }).waitFor()
    await page.keyboard.press('Enter')
    await run('echo nothing-$((1+1))', 'nothing-2')
    expect(await screen(other).rows()).not.toContain('pasted-1')
    await paste('echo pasted-$((1+0))\necho pasted-$((1+1))\n')
    await dialog.locator('button:focus', { hasText: 'Do not paste' }).waitFor()
    await button('Paste', dialog).click()
    await screen(other).sees(/^pasted-1$[\s\S]*^pasted-2$/m)
    // A program that takes a paste as a whole is not asked about.
    await run(`clear; bind 'set enable-bracketed-paste on'; echo whole-$((1+1))`, 'whole-2')
    await screen(other).prompted()
    await paste('echo one-$((1+0))\necho two-$((1+1))')
    await screen(other).sees('echo two-')
    expect(await page.getByRole('dialog').count()).toBe(0)
    await page.keyboard.press('Control+c')
  })

  it('a search finds what scrolled away', async () => {
    await run('clear; for i in $(seq 1 300); do echo "needle-$i."; done', 'needle-300.')
    await button('Search', paneOf(other)).click()
    await page.keyboard.type('needle-17.')
    await page.getByText('1 of 1', { exact: true }).waitFor()
    await screen(other).sees('needle-17.')
    await page.getByLabel('Search in this terminal').fill('needle-29')
    await page.getByText('11 of 11', { exact: true }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('10 of 11', { exact: true }).waitFor()
    await shoot(page, 'terminals-search')
    await page.keyboard.press('Escape')
    expect(await page.getByRole('search').count()).toBe(0)
    await run('echo typed-$((1+1))', 'typed-2')
  })

  it('what is selected is copied, once the user likes it so, and pasted by its key', async () => {
    await button('Terminal settings').click()
    await page.getByLabel('Copy what is selected').check()
    await button('Larger').click()
    await shoot(page, 'terminals-settings')
    await page.keyboard.press('Escape')
    await paneOf(other).locator('.xterm-screen').click()
    await run('clear; echo select-me-$((40+2))', /^select-me-42$/m)
    await paneOf(other)
      .locator('.xterm-screen')
      .dblclick({ position: { x: 20, y: 8 } })
    await until('the clipboard', async () => (await clipboard()).includes('select-me-42'))
    await screen(other).prompted()
    await page.keyboard.type('echo ')
    await page.keyboard.press('Control+Shift+V')
    await screen(other).sees(/echo select-me-42/)
    await page.keyboard.press('Enter')
  })

  it('a link says where it leads, and opens a page of its own for who holds Ctrl', async () => {
    const rows = paneOf(other).locator('.xterm-screen')
    const at = { position: { x: 60, y: 8 } }
    const note = paneOf(other).locator('.note')
    const saysWhere = (): Promise<void> =>
      note.filter({ hasText: /^\s*Ctrl\+click opens http:\S+\/healthz\s*$/ }).waitFor({ timeout: 5_000 })
    const follow = async (): Promise<void> => {
      const tab = page.context().waitForEvent('page')
      await rows.click({ ...at, modifiers: ['Control'] })
      const linked = await tab
      expect(linked.url()).toBe(`${world.url}/healthz`)
      expect(await linked.evaluate(() => window.opener)).toBeNull()
      await linked.close()
    }
    await rows.hover({ position: { x: 300, y: 8 } })
    // Written where the pointer has been resting.
    await run(`clear; echo ${world.url}/healthz`, /^http\S+\/healthz\n/)
    await rows.hover(at)
    await saysWhere()
    await shoot(page, 'terminals-link')
    await rows.click(at)
    await follow()
    const osc8 = (address: string): string =>
      `printf '\\033]8;;%s\\007the-docs-%d\\033]8;;\\007\\n' ${address} $((40+2))`
    await run(`clear; ${osc8(`${world.url}/healthz`)}`, /^the-docs-42\n/)
    await rows.hover(at)
    await saysWhere()
    await follow()
    await run(`clear; ${osc8('file:///etc/passwd')}`, /^the-docs-42\n/)
    await rows.hover(at)
    await rows.click({ ...at, modifiers: ['Control'] })
    // What it said of the link that was there before goes with the next drawing.
    await note.waitFor({ state: 'detached', timeout: 5_000 })
    expect(page.context().pages().length).toBe(1)
  })

  it('links are listed for who has no pointer, the last first, and opened by Enter', async () => {
    const osc8 = (address: string): string => `printf '\\033]8;;%s\\007the-docs\\033]8;;\\007\\n' ${address}`
    const { url } = world
    await run(
      `clear; echo ${url}/healthz; ${osc8(`${url}/readyz`)}; ${osc8('file:///etc/passwd')}; echo ${url}/healthz; echo end-$((1+1))`,
      'end-2',
    )
    const dialog = page.getByRole('dialog', { name: 'Links on this screen' })
    const listed = dialog.getByRole('link')
    await page.keyboard.press('Control+Shift+O')
    // The command itself stands on the screen as well.
    await dialog.getByRole('link', { name: `${url}/readyz` }).waitFor()
    const names = await listed.allTextContents()
    expect(names.slice(0, 2)).toEqual([`${url}/healthz`, `${url}/readyz`])
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !name.startsWith('http'))).toEqual([])
    expect(await violationsOf(page)).toEqual([])
    await shootAll(page, 'terminals-links')
    await dialog.locator('a:focus', { hasText: '/healthz' }).waitFor()
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await dialog.locator('a:focus', { hasText: '/readyz' }).waitFor()
    const tab = page.context().waitForEvent('page')
    await page.keyboard.press('Enter')
    const linked = await tab
    expect(linked.url()).toBe(`${url}/readyz`)
    expect(await linked.evaluate(() => window.opener)).toBeNull()
    await linked.close()
    await dialog.waitFor({ state: 'detached' })
    await run('clear; echo none-$((1+1))', /^none-2$/m)
    await menu(other, 'Links on this screen…')
    await dialog.getByText('No address stands on this screen.').waitFor()
    await dialog.locator('button:focus', { hasText: 'Close' }).waitFor()
    await page.keyboard.press('Enter')
    await button('Pane menu', paneOf(other)).and(page.locator(':focus')).waitFor()
    await paneOf(other).locator('.xterm-screen').click()
  })

  it('a program writes to the clipboard only after the user allowed it, and a replay does not', async () => {
    const osc = (text: string): string => `printf '\\033]52;c;%s\\007' ${Buffer.from(text).toString('base64')}`
    await page.bringToFront()
    await page.evaluate(() => navigator.clipboard.writeText('before'))
    await run(`clear; ${osc('from a program')}; echo asked-$((1+1))`, 'asked-2')
    const strip = page.getByText('A program here wanted to write to the clipboard.')
    await strip.waitFor()
    expect(await clipboard()).toBe('before')
    await shoot(page, 'terminals-clipboard')
    await button('Allow').click()
    await until('the clipboard', async () => (await clipboard()) === 'from a program')
    expect(await strip.count()).toBe(0)
    await paneOf(other).locator('.xterm-screen').click()
    await run(`clear; ${osc('once more')}; echo allowed-$((1+1))`, 'allowed-2')
    await until('the clipboard', async () => (await clipboard()) === 'once more')
    await page.evaluate(() => navigator.clipboard.writeText('mine'))
    await page.reload()
    await screen(other).sees('allowed-2')
    expect(await clipboard()).toBe('mine')
  })
})

describe('a terminal of the workspace', () => {
  it('that was left is detached, and resumes where it was', async () => {
    await run('clear; echo kept-$((40+2))', 'kept-42')
    await button('Close the pane; its shell is kept', paneOf(other)).click()
    await until('the tab to be gone', async () => !(await ids()).includes(other))
    await page.getByRole('link', { name: 'All terminals' }).click()
    const line = page.getByRole('listitem').filter({ hasText: 'anvil' })
    await line.getByText('Detached').waitFor()
    await page.getByRole('listitem').filter({ hasText: 'forge' }).getByText('Shown here').first().waitFor()
    await shootAll(page, 'terminals-list')
    await line.getByRole('link', { name: 'Resume' }).click()
    await screen(other).sees('kept-42')
  })

  it('that ended says its exit code, and another takes its place', async () => {
    await screen(other).prompted()
    await screen(other).type('exit 7\r')
    await page.getByText('Exit code 7.').waitFor()
    await page.getByRole('button', { name: 'anvil, Ended' }).waitFor()
    await shoot(page, 'terminals-ended')
    const before = await ids()
    await button('Open again').click()
    const next = await opened(before)
    expect(await ids()).not.toContain(other)
    await run('echo next-$((1+1))', 'next-2')
    await menu(next, 'End…')
    await page.getByRole('dialog').getByRole('button', { name: 'End terminal' }).click()
    await page.getByText(/^This shell ended\.\s+Ended by /).waitFor()
    await button('Close the pane', paneOf(next)).first().click()
  })
})

describe.each([
  ['on a desk', sizes.wide, '[data-terminal]', ['Pane menu']],
  ['on a phone', sizes.narrow, '#actions', ['Pane menu', 'Terminals shown here']],
] as const)('the menus of a terminal %s', (where, size, place, names) => {
  beforeAll(() => page.setViewportSize(size))
  afterAll(async () => {
    await page.setViewportSize(sizes.wide)
    await page.emulateMedia({ colorScheme: 'dark' })
  })

  it.each(names)('%s is open to everybody', async (name) => {
    const open = page.locator('.v-overlay--active')
    await button(name, page.locator(place)).first().press('Enter')
    await open.waitFor()
    const found: string[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      found.push(...(await violationsOf(page)))
      await shoot(page, `terminals-${name}-${where}-${colorScheme}`.replaceAll(' ', '-'))
    }
    await escape(page)
    await open.waitFor({ state: 'detached' })
    expect(found).toEqual([])
  })
})

it('met no error and nothing that the policy refused', () => {
  expect(faults).toEqual([])
})
