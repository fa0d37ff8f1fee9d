// A terminal in the browser: several pages, a phone, the keyboard, reloads in the middle of much output, and a flood.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Api } from '../kit/client.ts'
import { browserMiB, processMiB } from '../kit/memory.ts'
import { type Proc, until } from '../kit/processes.ts'
import { openTerminal } from '../kit/terminal.ts'
import { openWire, type Wire } from '../kit/wire.ts'
import { openWorld, type World } from '../kit/world.ts'
import { violationsOf } from './axe.ts'
import { openBrowser, openPage, shoot, shootAll, sizes } from './page.ts'
import { type Screen, screenOf, signIn } from './screen.ts'

let world: World
let browser: Browser
let api: Api
let agent: Proc
let instance: string
let signedIn: NonNullable<BrowserContextOptions['storageState']>
const faults: string[] = []

beforeAll(async () => {
  world = await openWorld()
  agent = world.startAgent('forge')
  browser = await openBrowser()
  const { page } = await openPage(browser)
  await signIn(page, world)
  signedIn = await page.context().storageState()
  await page.context().close()
  api = await world.api()
  instance = (await world.running('forge')).id
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

interface Shown extends Screen {
  page: Page
}

async function show(id: string, options: BrowserContextOptions = {}, by = browser, url = world.url): Promise<Shown> {
  const opened = await openPage(by, { storageState: signedIn, ...options })
  onTestFinished(async () => {
    faults.push(...opened.faults)
    await opened.page.context().close()
  })
  await opened.page.goto(`${url}/terminals/${id}`)
  const screen = screenOf(opened.page)
  await screen.live()
  return { page: opened.page, ...screen }
}

const openShell = async (options: BrowserContextOptions = {}): Promise<Shown & { id: string }> => {
  const id = await openTerminal(api, instance)
  const shown = await show(id, options)
  await shown.prompted()
  return { id, ...shown }
}

const numbersOf = (rows: string): number[] => [...rows.matchAll(/^(\d+)$/gm)].map(([, digits]) => Number(digits))

describe('a terminal on several pages', () => {
  it('has the size of the one that typed last; the others show that size, and say so', async () => {
    const wide = await openShell()
    await wide.type('echo wide\r')
    await wide.sees('wide\n')
    const wideSize = await wide.size()
    const small = await show(wide.id, { viewport: { width: 900, height: 500 } })
    await small.page.getByText('Another page sets the size').waitFor()
    expect(await small.size()).toEqual(wideSize)
    await small.sees('wide\n')
    await shoot(small.page, 'terminal-letterboxed')
    await small.type('clear; stty size\r')
    await until('its own size', async () => (await small.size()).cols < wideSize.cols)
    const smallSize = await small.size()
    await small.sees(`${smallSize.rows} ${smallSize.cols}`)
    await wide.page.getByText('Another page sets the size').waitFor()
    await wide.sees(`${smallSize.rows} ${smallSize.cols}`)
    expect(await wide.size()).toEqual(smallSize)
    expect(await small.page.getByText('Another page sets the size').count()).toBe(0)
    await shoot(wide.page, 'terminal-letterboxed-small')
  })
})

describe('a terminal on a phone', () => {
  it('has the keys that the keyboard of the phone lacks', async () => {
    const phone: BrowserContextOptions = {
      viewport: sizes.narrow,
      hasTouch: true,
      isMobile: true,
      deviceScaleFactor: 2,
    }
    const { page, sees, type, prompted, rows } = await openShell(phone)
    const tap = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).tap()
    await type('sleep 1000\r')
    await sees('sleep 1000')
    await tap('Ctrl C')
    await sees('^C')
    await prompted()
    await type('clear; echo once-$((1+1))\r')
    await sees('once-2')
    await prompted()
    await tap('Up')
    await sees(/once-2\n.*clear; echo once/)
    await tap('Ctrl')
    await type('u')
    await prompted()
    expect(await page.getByRole('button', { name: 'Ctrl', exact: true }).getAttribute('aria-pressed')).toBe('false')
    await type('ech')
    await tap('Tab')
    await sees(/[#$] echo\s*$/)
    await tap('Ctrl')
    await shoot(page, 'terminal-phone-dark')
    await page.emulateMedia({ colorScheme: 'light' })
    await shoot(page, 'terminal-phone-light')
    expect(await rows()).not.toContain('undefined')
    // A finger holds no key: the first tap says where a link leads, the second goes there.
    await page.keyboard.press('Control+c')
    await prompted()
    await type(`clear; echo ${world.url}/healthz\r`)
    await sees(/^http\S+\/healthz\n/)
    const link = page.locator('.xterm-screen')
    await link.tap({ position: { x: 60, y: 8 } })
    await page.getByText('Tap again to open').waitFor()
    await shoot(page, 'terminal-phone-link')
    const tab = page.context().waitForEvent('page')
    await link.tap({ position: { x: 60, y: 8 } })
    expect((await tab).url()).toBe(`${world.url}/healthz`)
    await page
      .locator('header [title^="Round trip"]')
      .filter({ hasText: / \d+ ms$/ })
      .waitFor()
  })
})

describe('a terminal and the keyboard', () => {
  it('keeps every key to itself but Shift+F6, which gives it back to the page', async () => {
    const { page, type, sees, prompted } = await openShell()
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.className ?? '')
    expect(await focused()).toContain('xterm-helper-textarea')
    await type('cat -v\r')
    await sees('cat -v')
    for (const key of ['Tab', 'Escape', 'F1', 'Control+k', 'Control+w', 'Alt+b']) await page.keyboard.press(key)
    await page.keyboard.press('Enter')
    await sees(/\^\[/)
    expect(await focused()).toContain('xterm-helper-textarea')
    await page.keyboard.press('Control+c')
    await prompted()
    await page.keyboard.press('Shift+F6')
    expect(await focused()).toContain('head')
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement as Element).outlineStyle)
    expect(ring).toBe('solid')
    await shoot(page, 'terminal-left')
    await page.keyboard.type('not for the shell')
    // Backwards through the page and forward again: a terminal is no trap.
    for (let i = 0; i < 6 && !(await focused()).includes('xterm'); i++) await page.keyboard.press('Tab')
    expect(await focused()).toContain('xterm-helper-textarea')
    await type('echo back-$((1+1))\r')
    await sees('back-2')
    await sees(/^(?!.*not for the shell)[\s\S]*$/)
  })

  it('copies what is selected and pastes as a whole', async () => {
    const { page, type, sees, prompted } = await openShell({ permissions: ['clipboard-read', 'clipboard-write'] })
    await type('clear; echo copy-me-$((40+2))\r')
    await sees('copy-me-42')
    await prompted()
    await page.locator('.xterm-screen').dblclick({ position: { x: 20, y: 8 } })
    await page.keyboard.press('Control+Shift+C')
    await until('the clipboard', async () =>
      (await page.evaluate(() => navigator.clipboard.readText())).includes('copy-me-42'),
    )
    // Two lines, as one paste: the shell must not run the first before the second is there.
    await page.evaluate(() => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', 'echo one-$((1+0))\necho two-$((1+1))')
      document.activeElement?.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
      )
    })
    await sees('echo two-')
    await sees(/^(?![\s\S]*^one-1$)/m)
    await page.keyboard.press('Enter')
    await sees(/^one-1\ntwo-2$/m)
  })
})

describe('a terminal for a screen reader, on a graphics card', () => {
  it('says what comes, is drawn by the card, and goes on without it', async () => {
    const graphic = await openBrowser({ graphics: true })
    onTestFinished(() => graphic.close())
    const { page, type, sees, prompted } = await show(await openTerminal(api, instance), {}, graphic)
    await page.getByRole('button', { name: 'Terminal settings' }).click()
    await page.getByLabel('Screen reader support').check()
    await page.keyboard.press('Escape')
    await page.locator('.xterm-screen').click()
    await prompted()
    await type('echo heard-$((40+2))\r')
    const said = page.locator('.xterm [aria-live=assertive]')
    await until('the words', async () => /heard-42\s/.test((await said.textContent()) ?? ''))
    // Silent again with the next key: nobody listens to what was said before they typed.
    await type('x')
    expect(await said.textContent()).not.toContain('heard-42')
    expect(await page.getByRole('listitem').getByText('heard-42', { exact: true }).count()).toBe(1)
    expect(await violationsOf(page)).toEqual([])
    expect(await page.locator('.xterm-rows').count()).toBe(0)
    await shoot(page, 'terminal-graphics')
    await page.evaluate(() => {
      const drawings = Array.from(document.querySelectorAll<HTMLCanvasElement>('.xterm-screen canvas'), (canvas) =>
        canvas.getContext('webgl2'),
      )
      const card = drawings.find((drawing) => drawing !== null)
      if (!card) throw new Error('expected a terminal drawn by WebGL, got none')
      card.getExtension('WEBGL_lose_context')?.loseContext()
    })
    await page.locator('.xterm-rows').waitFor()
    await type('\b; echo after-$((40+2))\r')
    await sees(/^after-42$/m)
    await shoot(page, 'terminal-graphics-lost')
  })
})

describe('a reload', () => {
  it('in the middle of vim shows the same screen again', async () => {
    const { page, type, sees, rows, live } = await openShell()
    await type('vim -u NONE /etc/services\r')
    await sees('tcpmux')
    await page.keyboard.press('Control+f')
    await sees(/^(?![\s\S]*tcpmux)/)
    await type(':set number\r')
    await sees(/^ +\d+ /m)
    const before = await rows()
    await page.reload()
    await live()
    await until('the same screen', async () => (await rows()) === before)
    await type(':q!\r')
    await type('clear; echo out-$((1+1))\r')
    await sees('out-2')
  })

  it('twice in the middle of two million lines ends with the last of them, without a hole', async () => {
    const { page, type, sees, rows, live } = await openShell()
    await type('clear; seq 1 2000000; echo all-$((1+1))-done\r')
    for (let reloads = 0; reloads < 2; reloads++) {
      await until('numbers', async () => numbersOf(await rows()).length > 10)
      await page.reload()
      await live(30_000)
    }
    await sees('all-2-done', 60_000)
    let end = 2_000_001
    for (let screens = 0; screens < 4; screens++) {
      const seen = numbersOf(await rows())
      expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => (seen[0] ?? 0) + i))
      if (screens === 0) expect(seen.at(-1)).toBe(2_000_000)
      else expect(seen.at(-1)).toBeLessThan(end)
      end = seen.at(-1) ?? 0
      await page.keyboard.press('Shift+PageUp')
      await until('the screen before', async () => numbersOf(await rows()).at(-1) !== end)
    }
  })
})

describe('a terminal behind a bad wire', () => {
  let wire: Wire
  beforeAll(async () => {
    wire = await openWire(world.url)
  })
  afterAll(() => wire?.end())

  it('says how long a round trip takes, as it is measured', async () => {
    const { page } = await show(await openTerminal(api, instance), {}, browser, wire.url)
    const roundTrip = page.locator('[data-terminal] .facts [title^="Round trip"]')
    const ms = async () => Number(/(\d+) ms/.exec((await roundTrip.textContent()) ?? '')?.[1])
    await until('a quick one', async () => (await ms()) < 80)
    wire.delay(50)
    await until('one that is 100 ms longer', async () => (await ms()) >= 100)
    wire.delay(0)
  })

  it('says that it is cut and when the next try is, and has every byte once it is back', async () => {
    const { page, type, sees, prompted, rows, live } = await show(
      await openTerminal(api, instance),
      {},
      browser,
      wire.url,
    )
    await prompted()
    await type('clear; for i in $(seq 1 500); do echo $i; sleep 0.01; done; echo all-$((1+1))-done\r')
    await sees(/^50$/m)
    const heal = wire.cut()
    const strip = page
      .locator('[data-terminal]')
      .getByRole('status')
      .filter({ hasText: 'Connection to the console lost' })
    await strip.getByText(/lost [2-9]\ss ago\..*Trying again in \d+\ss\..*The shell is kept\./s).waitFor()
    await page.locator('[data-status=reconnecting]').getByRole('img', { name: 'Reconnecting' }).waitFor()
    const cutAt = numbersOf(await rows()).at(-1) ?? 0
    await shootAll(page, 'terminal-cut')
    heal()
    await strip.waitFor({ state: 'detached' })
    await live()
    await sees('all-2-done', 30_000)
    // What came while the wire was cut lies above: screen after screen, without a hole or a repeat.
    await page.locator('.xterm-screen').click()
    for (let first = 501; first > cutAt;) {
      const seen = numbersOf(await rows())
      expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => (seen[0] ?? 0) + i))
      expect(seen.at(-1)).toBeGreaterThanOrEqual(first - 1)
      first = seen[0] ?? 0
      await page.keyboard.press('Shift+PageUp')
      await until('the screen before', async () => numbersOf(await rows())[0] !== seen[0])
    }
  })
})

describe('the look of a terminal', () => {
  it('is what the user set, at once and after a reload', async () => {
    const { page, live, size } = await openShell()
    const font = () =>
      page.locator('.xterm-rows').evaluate((drawn) => {
        const { fontFamily, fontSize } = getComputedStyle(drawn)
        return `${fontSize} ${fontFamily.split(',')[0]}`
      })
    expect(await font()).toMatch(/^13px "?JetBrains Mono/)
    const before = await size()
    await page.getByRole('button', { name: 'Terminal settings' }).click()
    for (let more = 0; more < 5; more++) await page.getByRole('button', { name: 'Larger' }).click()
    await page.getByLabel('Font', { exact: true }).fill('No Such Font')
    await page.keyboard.press('Enter')
    await page.getByText('This device has no font of that name.').waitFor()
    await page.getByLabel('Font', { exact: true }).fill('DejaVu Sans Mono')
    await page.keyboard.press('Enter')
    await page.getByText('Any monospaced font of this device').waitFor()
    await page.keyboard.press('Escape')
    expect(await font()).toBe('18px "DejaVu Sans Mono"')
    await until('fewer columns', async () => (await size()).cols < before.cols)
    const after = await size()
    await page.reload()
    await live()
    expect(await font()).toBe('18px "DejaVu Sans Mono"')
    await until('the same size', async () => (await size()).cols === after.cols && (await size()).rows === after.rows)
  })
})

describe('a terminal that is refused', () => {
  it('says whose it is, or that it is not theirs, and why the shell of who lost their role ended', async () => {
    const { createUser } = await api.ask(
      `mutation { createUser(input: { email: "mia@example.com", name: "Mia", role: DEVELOPER }) { user { id } oneTimePassword } }`,
    )
    const mia = await openPage(browser)
    onTestFinished(() => mia.page.context().close())
    await mia.page.goto(`${world.url}/terminals/${await openTerminal(api, instance)}`)
    await mia.page.getByLabel('E-mail').fill('mia@example.com')
    await mia.page.getByLabel('Password', { exact: true }).fill(createUser.oneTimePassword)
    await mia.page.keyboard.press('Enter')
    await mia.page.getByLabel('New password').fill('struck while hot')
    await mia.page.keyboard.press('Enter')
    await mia.page
      .getByRole('alert')
      .getByText(/There is no terminal "trm_\w+" of yours\./)
      .waitFor()
    await mia.page.getByRole('button', { name: 'Terminal, Not shown' }).waitFor()

    await mia.page.goto(`${world.url}/instances/${instance}`)
    await mia.page.getByRole('button', { name: 'Open terminal' }).click()
    const own = mia.page.locator('[data-terminal]')
    await screenOf(mia.page, '[data-phase=live]').prompted()
    const { page, faults: met } = await openPage(browser, { storageState: signedIn })
    onTestFinished(() => page.context().close())
    await page.goto(`${world.url}/terminals/${await own.getAttribute('data-terminal')}`)
    await page.getByText('This terminal belongs to Mia').waitFor()
    await page.getByText('Only the user who opened it can look into it.').waitFor()
    await page.getByRole('button', { name: 'forge, Not shown' }).waitFor()
    expect(await page.locator('.xterm').count()).toBe(0)
    await shootAll(page, 'terminal-foreign')

    const input = { id: createUser.user.id, role: 'VIEWER' }
    await api.ask('mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }', { input })
    // The page goes on as what its user is now, who sees no panes, and is told what became of the shell.
    await mia.page.getByText('Terminals that others open are listed here.').waitFor()
    const ended = mia.page.getByRole('listitem').filter({ hasText: 'forge' })
    await ended.getByText("Its opener's access ended.").waitFor()
    await shootAll(mia.page, 'terminal-revoked')
    faults.push(...met, ...mia.faults)
  })
})

describe('a flood', () => {
  it('is stopped by Ctrl-C within a second, and no process grows with it', async () => {
    const { page, type, sees, prompted } = await openShell()
    const look = () => ({
      agent: processMiB(agent.pid),
      console: processMiB(world.console().pid),
      browser: browserMiB(),
    })
    // Each flood has words of its own: those of the one before are still in sight when the next is typed.
    const flood = async (nth: number) => {
      await type(`clear; yes ${nth}\r`)
      await sees(new RegExp(`^${nth}\\n${nth}\\n${nth}$`, 'm'))
    }
    await flood(0)
    await page.waitForTimeout(5_000)
    const warm = look()
    await page.waitForTimeout(10_000)
    const late = look()
    const tookMs: number[] = []
    for (let floods = 1; floods <= 5; floods++) {
      const beganMs = performance.now()
      await page.keyboard.press('Control+c')
      await sees('^C', 5_000)
      tookMs.push(performance.now() - beganMs)
      await prompted()
      await flood(floods)
    }
    await page.keyboard.press('Control+c')
    // The median: another process may have had the processor once.
    expect(tookMs.toSorted((a, b) => a - b)[2]).toBeLessThan(1_000)
    // What remains is the ease of collectors that have not run; unbounded, it would be all that `yes` can write.
    for (const party of ['agent', 'console', 'browser'] as const)
      expect(late[party] - warm[party], party).toBeLessThan(150)
  })
})

it('met no error and nothing that the policy refused', () => {
  expect(faults).toEqual([])
})
