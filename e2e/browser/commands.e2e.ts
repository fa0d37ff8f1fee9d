// Commands in the browser against a real agent: run, read as they write, ended, found again, over a link that breaks.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Proc, until } from '../kit/processes.ts'
import { openWire } from '../kit/wire.ts'
import { openWorld, type World } from '../kit/world.ts'
import { violationsOf } from './axe.ts'
import { openBrowser, openPage, shoot, shootAll, sizes } from './page.ts'
import { signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page
let agent: Proc
let instance: string
let signedIn: NonNullable<BrowserContextOptions['storageState']>
const faults: string[][] = []

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  agent = world.startAgent('forge')
  const opened = await openPage(browser)
  page = opened.page
  faults.push(opened.faults)
  await signIn(page, world)
  signedIn = await page.context().storageState()
  instance = (await world.running('forge')).id
  await page.goto(`${world.url}/instances/${instance}`)
  await page.getByRole('navigation', { name: 'Of this instance' }).getByRole('link', { name: 'Commands' }).click()
  await page.getByText('No command was run here yet').waitFor()
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

const field = (on = page): Locator => on.getByRole('textbox', { name: 'Command', exact: true })
const pane = (on = page): Locator => on.getByRole('complementary', { name: 'Command' })
const state = (on = page): Locator => pane(on).getByRole('status')
const output = (name: 'Standard output' | 'Standard error', on = page): Locator =>
  pane(on).getByRole('region', { name, exact: true }).locator('.text')
/** As it stands there, line for line. */
const textOf = async (shown: Locator): Promise<string> => (await shown.textContent()) ?? ''
const chosen = (on = page): string | null => new URL(on.url()).searchParams.get('command')

/** Runs it by the Enter key, and answers once it is shown. */
async function run(line: string, on = page): Promise<string> {
  const before = chosen(on)
  await field(on).fill(line)
  await field(on).press('Enter')
  await until('it to be chosen', async () => chosen(on) !== null && chosen(on) !== before)
  return chosen(on) ?? ''
}
/** A file that a command waits for: `until [ -e FILE ]; do sleep 0.1; done`. */
const gate = (name: string) => {
  const file = path.join(world.folder, name)
  return { waits: `until [ -e '${file}' ]; do sleep 0.1; done`, open: () => writeFileSync(file, '') }
}

describe('a command', () => {
  it('is run by Enter, and shows both outputs apart and how it ended', async () => {
    await run(String.raw`printf 'gr\303\274\303\237e \033[31mred\033[0m\n'; echo oh >&2`)
    await state().getByText('Succeeded').waitFor()
    await expect.poll(() => textOf(output('Standard output'))).toBe('grüße red\n')
    await expect.poll(() => textOf(output('Standard error'))).toBe('oh\n')
    expect(await field().inputValue()).toBe('')
    expect(await field().evaluate((el) => el === document.activeElement)).toBe(true)
    await page
      .getByRole('region', { name: 'Commands' })
      .getByRole('link', { name: /printf.*Succeeded/ })
      .waitFor()
  })

  it('is there again after a reload, and gone from sight by Escape', async () => {
    const id = chosen()
    await page.reload()
    await expect.poll(() => textOf(output('Standard error'))).toBe('oh\n')
    expect(chosen()).toBe(id)
    await page.keyboard.press('Escape')
    await pane().waitFor({ state: 'detached' })
    expect(chosen()).toBeNull()
  })

  it('that fails says with what', async () => {
    await run('echo no >&2; exit 3')
    await state().getByText('Failed, exit 3').waitFor()
    await expect.poll(() => textOf(output('Standard error'))).toBe('no\n')
    await pane().getByText('nothing', { exact: true }).waitFor()
    await run('kill -KILL $$')
    await state().getByText('Failed, SIGKILL').waitFor()
    await shootAll(page, 'commands-failed')
  })

  it('is told as it goes on, and ended by whoever confirms that', async () => {
    const { waits } = gate('never')
    await run(`echo begun; ${waits}`)
    await expect.poll(() => textOf(output('Standard output'))).toBe('begun\n')
    await state().getByText('Running').waitFor()
    await pane().getByRole('button', { name: 'Cancel…' }).click()
    const dialog = page.getByRole('dialog', { name: 'End this command on forge?' })
    await dialog.getByText('What it is doing is cut off at once.').waitFor()
    expect(await violationsOf(page)).toEqual([])
    await dialog.getByRole('button', { name: 'End command' }).click()
    await state().getByText('Cancelled').waitFor()
    await pane().getByText('Ended by').waitFor()
    await expect.poll(() => textOf(output('Standard output'))).toBe('begun\n')
    expect(await pane().getByRole('button', { name: 'Cancel…' }).count()).toBe(0)
  })

  it('is a program with arguments, variables and input, where that is asked for', async () => {
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('button', { name: 'Program and arguments' }).click()
    await page.getByLabel('Arguments').fill('-c\nprintf "%s|%s|%s" "$A" "$PWD" "$(cat)"')
    await page.getByLabel('Directory').fill('/')
    await page.getByLabel('Variables').fill('2A=x')
    await page.getByLabel('Standard input').fill('two\nlines')
    await field().fill('sh')
    await field().press('Enter')
    await page.getByText('Expected NAME=value with letters, digits and _, got 2A=x.').waitFor()
    expect(await page.evaluate(() => (document.activeElement as HTMLTextAreaElement).value)).toBe('2A=x')
    await page.getByLabel('Variables').fill('A=$HOME')
    expect(await violationsOf(page)).toEqual([])
    await shootAll(page, 'commands-more')
    await run('sh')
    await state().getByText('Succeeded').waitFor()
    await expect.poll(() => textOf(output('Standard output'))).toBe('$HOME|/|two\nlines')
    await page.getByRole('button', { name: 'Line for the shell' }).click()
    await page.getByLabel('Variables').fill('')
    await page.getByLabel('Standard input').fill('')
    await page.getByRole('button', { name: 'Less' }).click()
    // Out of sight, the directory still holds.
    await page.getByRole('button', { name: 'More, 1 set' }).waitFor()
  })

  it('is brought back by the arrow keys', async () => {
    await field().fill('half a line')
    await field().press('ArrowUp')
    await expect.poll(() => field().inputValue()).toContain('echo begun')
    await field().press('ArrowUp')
    await expect.poll(() => field().inputValue()).toBe('kill -KILL $$')
    await field().press('ArrowDown')
    await field().press('ArrowDown')
    await expect.poll(() => field().inputValue()).toBe('half a line')
    await field().press('Shift+Enter')
    await expect.poll(() => field().inputValue()).toBe('half a line\n')
    await field().fill('')
  })
})

describe('much output', () => {
  const LAST = 400_000
  const whole = Array.from({ length: LAST }, (_, i) => `${i + 1}\n`).join('')

  it('is shown by its end, and can be kept in whole', async () => {
    await run(`seq 1 ${LAST}; echo oh >&2`)
    await state().getByText('Succeeded').waitFor()
    await expect.poll(async () => (await textOf(output('Standard output'))).endsWith(`${LAST}\n`)).toBe(true)
    await pane().getByText('The end of it is shown. Download has all.').waitFor()
    const shown = await textOf(output('Standard output'))
    expect(shown.length).toBeLessThan(300_000)
    expect(whole.endsWith(shown)).toBe(true)
    // The little that stands beside it leaves it the room.
    const heightOf = async (shown: Locator): Promise<number> => (await shown.boundingBox())?.height ?? 0
    expect(await heightOf(output('Standard output'))).toBeGreaterThan(3 * (await heightOf(output('Standard error'))))
    const asked = page.waitForEvent('download')
    await pane().getByRole('button', { name: 'Download Standard output' }).click()
    const download = await asked
    expect(download.suggestedFilename()).toBe(`${chosen()}-stdout.txt`)
    expect(readFileSync(await download.path(), 'utf8')).toBe(whole)
    await shoot(page, 'commands-much')
  })

  it('follows its end, but not from under the eye of who reads above', async () => {
    const more = gate('more')
    await run(`seq 1 500; ${more.waits}; seq 501 600`)
    const box = output('Standard output')
    const below = () => box.evaluate((el) => el.scrollHeight - el.scrollTop - el.clientHeight)
    await expect.poll(async () => (await textOf(box)).endsWith('500\n')).toBe(true)
    await expect.poll(below).toBeLessThan(13)
    await box.evaluate((el) => (el.scrollTop = 900))
    more.open()
    await state().getByText('Succeeded').waitFor()
    await pane().getByRole('button', { name: 'Newer output is below' }).waitFor()
    expect(await box.evaluate((el) => el.scrollTop)).toBe(900)
    await pane().getByRole('button', { name: 'Newer output is below' }).click()
    await expect.poll(below).toBeLessThan(13)
    expect(await textOf(box)).toBe(whole.slice(0, whole.indexOf('601\n')))
  })
})

it('a broken link goes on with the byte that is missing', async () => {
  const wire = await openWire(world.url)
  const { page: far, faults: own } = await openPage(browser, { storageState: signedIn })
  faults.push(own)
  /** From where the output was asked for, each time. */
  const asked: { stdout: number; stderr: number }[] = []
  far.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      const { variables, query } = JSON.parse(String(payload)).payload ?? {}
      if (/commandOutput/.test(query ?? '')) asked.push(variables)
    }),
  )
  try {
    await far.goto(`${wire.url}/instances/${instance}/commands`)
    const more = gate('beyond')
    const id = await run(`seq 1 1000; echo oh >&2; ${more.waits}; seq 1001 2000; echo no >&2`, far)
    await expect.poll(async () => (await textOf(output('Standard output', far))).endsWith('1000\n')).toBe(true)
    await expect.poll(() => textOf(output('Standard error', far))).toBe('oh\n')
    const mend = wire.cut()
    more.open()
    const api = await world.api()
    await until(
      'it to end meanwhile',
      async () =>
        (await api.ask('query ($id: ID!) { command(id: $id) { state } }', { id })).command.state === 'SUCCEEDED',
    )
    mend()
    await state(far).getByText('Succeeded').waitFor({ timeout: 30_000 })
    const lines = Array.from({ length: 2000 }, (_, i) => `${i + 1}\n`)
    await expect.poll(() => textOf(output('Standard output', far))).toBe(lines.join(''))
    await expect.poll(() => textOf(output('Standard error', far))).toBe('oh\nno\n')
    expect(asked[0]).toMatchObject({ stdout: 0, stderr: 0 })
    expect(asked.at(-1)).toMatchObject({ stdout: lines.slice(0, 1000).join('').length, stderr: 3 })
  } finally {
    await far.context().close()
    await wire.end()
  }
})

it('on a phone its output takes the place of the list, and gives it back', async () => {
  await page.setViewportSize(sizes.narrow)
  await expect.poll(() => pane().getByRole('button', { name: 'Close' }).isVisible()).toBe(true)
  await pane().getByRole('button', { name: 'Close' }).click()
  await page.getByRole('link', { name: /exit 3.*Failed, exit 3/ }).click()
  await expect.poll(() => textOf(output('Standard error'))).toBe('no\n')
  await shoot(page, 'commands-narrow')
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: /exit 3.*Failed, exit 3/ }).waitFor()
  await page.setViewportSize(sizes.wide)
})

it('while the agent is away a command says that it waits, and is taken back', async () => {
  await agent.end()
  // Three heartbeats of silence.
  const away = page.getByText('The agent is not connected: the command waits for it, at most 24\u00a0h.')
  await away.waitFor({ timeout: 90_000 })
  const marker = path.join(world.folder, 'ran')
  await run(`touch '${marker}'`)
  await state().getByText('Waits for its agent').waitFor()
  await shootAll(page, 'commands-away')
  await pane().getByRole('button', { name: 'Cancel…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Take this command back?' })
  await dialog.getByText('It has not begun on forge, and will not run.').waitFor()
  await dialog.getByRole('button', { name: 'Take it back' }).click()
  await state().getByText('Cancelled').waitFor()
  agent = world.startAgent('forge')
  await away.waitFor({ state: 'detached' })
  await run('echo back')
  await expect.poll(() => textOf(output('Standard output'))).toBe('back\n')
  expect(existsSync(marker)).toBe(false)
})

it('who may only look sees no commands, and by their address who may', async () => {
  const { createUser } = await (
    await world.api()
  ).ask('mutation { createUser(input: { email: "vera@example.com", name: "Vera", role: VIEWER }) { oneTimePassword } }')
  const { page: other, faults: own } = await openPage(browser)
  faults.push(own)
  await other.goto(`${world.url}/instances/${instance}`)
  await other.getByLabel('E-mail').fill('vera@example.com')
  await other.getByLabel('Password', { exact: true }).fill(createUser.oneTimePassword)
  await other.keyboard.press('Enter')
  await other.getByLabel('New password').fill('struck while hot')
  await other.keyboard.press('Enter')
  const tabs = other.getByRole('navigation', { name: 'Of this instance' })
  await tabs.getByRole('link', { name: 'Terminals' }).waitFor()
  expect(await tabs.getByRole('link', { name: 'Commands' }).count()).toBe(0)
  await other.goto(`${world.url}/instances/${instance}/commands`)
  await other.getByText('This needs the developer role.').first().waitFor()
  expect(await field(other).count()).toBe(0)
  await other.context().close()
})

it('the pages met no error and nothing that the policy refused', () => {
  expect(faults.flat()).toEqual([])
})
