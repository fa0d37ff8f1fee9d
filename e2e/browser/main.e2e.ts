// The main job in the browser: sign in, see this machine live, work in its shell, lose nothing over a reload.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shoot, shootAll, sizes } from './page.ts'

let world: World
let browser: Browser
let page: Page
let faults: string[]

beforeAll(async () => {
  world = await openWorld()
  world.startAgent('forge', { SINDRI_AGENT_TAGS: 'team=forge,env=dev' })
  browser = await openBrowser()
  ;({ page, faults } = await openPage(browser))
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

/** The rows in sight; without a graphics card xterm draws them as elements. */
const rows = (): Promise<string> =>
  page.evaluate(() => Array.from(document.querySelectorAll('.xterm-rows > div'), (row) => row.textContent?.trimEnd() ?? '').join('\n'))

const sees = (what: string | RegExp, withinMs = 15_000): Promise<unknown> =>
  until(`the terminal to show ${String(what)}`, async () => {
    const text = await rows()
    return typeof what === 'string' ? text.includes(what) : what.test(text)
  }, withinMs).catch(async (error: Error) => {
    throw new Error(`${error.message}; it shows ${JSON.stringify((await rows()).slice(-600))}`)
  })

const type = (text: string): Promise<void> => page.keyboard.type(text)

describe('an operator', () => {
  it('signs in', async () => {
    await page.goto(world.url)
    await page.getByLabel('E-mail').fill(world.admin.email)
    await page.getByLabel('Password', { exact: true }).fill('not the password')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    await shootAll(page, 'sign-in')
    await page.getByLabel('Password', { exact: true }).fill(world.admin.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/instances')
  })

  it('sees the machine RUNNING, with bars that were measured', async () => {
    const row = page.getByRole('row', { name: /forge/ })
    await row.getByText('Running').waitFor()
    await until('a figure', async () => /\d%/.test((await row.textContent()) ?? ''))
    await shootAll(page, 'instances')
  })

  it('sees its chart move within five seconds', async () => {
    await page.getByRole('link', { name: 'forge' }).first().click()
    await page.waitForURL('**/instances/ins_*')
    await page.locator('.apexcharts-series path').first().waitFor()
    const shape = (): Promise<string | null> => page.locator('.apexcharts-series path').first().getAttribute('d')
    const before = await shape()
    await until('the chart to move', async () => (await shape()) !== before, 5000)
    await shootAll(page, 'instance')
  })

  it('opens a terminal and types', async () => {
    await page.getByRole('button', { name: 'Open terminal' }).click()
    await page.waitForURL('**/terminals/trm_*')
    await page.locator('[data-phase=live]').waitFor()
    await type('echo hei-$((6*7))\r')
    await sees('hei-42')
    await shootAll(page, 'terminal')
  })

  it('runs top, which draws itself anew after a resize', async () => {
    await type('top\r')
    await sees('load average')
    await shoot(page, 'terminal-top')
    await page.setViewportSize({ width: 1100, height: 700 })
    await until('the new size', async () => {
      const size = await page.locator('[data-size]').getAttribute('data-size')
      return size && !size.startsWith('80') ? size : null
    })
    await sees('load average')
    await type('q')
    await type('clear; stty size\r')
    const size = await page.locator('[data-size]').getAttribute('data-size')
    const [cols, lines] = (size ?? '').split(' × ')
    await sees(new RegExp(`${lines} ${cols}`))
    await page.setViewportSize(sizes.wide)
  })

  it('edits a file in vim', async () => {
    await type('vim -u NONE /tmp/sindri-e2e-vim.txt\r')
    await sees('sindri-e2e-vim.txt')
    await type('istruck while hot')
    await sees('struck while hot')
    await shoot(page, 'terminal-vim')
    await page.keyboard.press('Escape')
    await type(':wq\r')
    await type('clear; cat /tmp/sindri-e2e-vim.txt; rm /tmp/sindri-e2e-vim.txt\r')
    await sees(/^struck while hot/m)
  })

  it('reloads in the middle of output and loses nothing, and nothing types itself', async () => {
    await type('clear; seq 1 200000; echo all-$((1+1))-done\r')
    await sees(/^\d{4,}$/m)
    await page.reload()
    await page.locator('[data-phase=live]').waitFor({ timeout: 30_000 })
    await sees('all-2-done', 30_000)
    const numbers = async (): Promise<number[]> => [...(await rows()).matchAll(/^(\d+)$/gm)].map(([, digits]) => Number(digits))
    let end = 200_001
    for (let screens = 0; screens < 4; screens++) {
      const seen = await numbers()
      expect(seen.length).toBeGreaterThan(10)
      expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => (seen[0] ?? 0) + i))
      if (screens === 0) expect(seen.at(-1)).toBe(200_000)
      else expect(seen.at(-1)).toBeLessThan(end)
      end = seen.at(-1) ?? 0
      await page.keyboard.press('Shift+PageUp')
      await until('the screen before', async () => (await numbers()).at(-1) !== end)
    }
    // An answer of the emulator to a replayed query would stand behind the prompt.
    await type('echo clean\r')
    await sees(/\$ echo clean\s*\nclean|# echo clean\s*\nclean/)
  })

  it('stops a flood with Ctrl-C', async () => {
    await type('yes\r')
    await sees(/^y$/m)
    await page.keyboard.press('Control+c')
    await type('clear; echo over-$((2+3))\r')
    await sees('over-5', 10_000)
  })

  it('ends the shell and reads its exit code', async () => {
    await type('exit 7\r')
    await page.getByText('Exit code 7.').waitFor()
    await shoot(page, 'terminal-ended')
  })

  it('met no error and nothing that the policy refused', () => {
    expect(faults).toEqual([])
  })
})
