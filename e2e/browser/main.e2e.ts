// The main job in the browser: sign in, see this machine live, work in its shell, lose nothing over a reload.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shoot, shootAll, sizes } from './page.ts'
import { type Screen, screenOf } from './screen.ts'

let world: World
let browser: Browser
let page: Page
let screen: Screen
let faults: string[]

beforeAll(async () => {
  world = await openWorld()
  world.startAgent('forge', { SINDRI_AGENT_TAGS: 'team=forge,env=dev' })
  browser = await openBrowser()
  ;({ page, faults } = await openPage(browser))
  screen = screenOf(page)
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

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
    await page.waitForURL(({ pathname }) => pathname === '/')
  })

  it('sees the fleet at a glance, the machine in it warm by its own measure', async () => {
    await page.getByText('of 1 instance running').waitFor()
    await page.getByRole('link', { name: /^forge, CPU \d+%, 1 of 1/ }).waitFor()
    await shootAll(page, 'fleet')
  })

  it('sees the machine RUNNING, with bars that were measured', async () => {
    await page.getByRole('link', { name: 'Instances', exact: true }).click()
    await page.waitForURL(({ pathname }) => pathname === '/instances')
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
    await page.waitForURL('**/terminals?open=trm_*')
    await screen.live()
    await screen.prompted()
    await screen.type('echo hei-$((6*7))\r')
    await screen.sees('hei-42')
    await shootAll(page, 'terminal')
  })

  it('runs top, which draws itself anew after a resize', async () => {
    await screen.type('top\r')
    await screen.sees('load average')
    await shoot(page, 'terminal-top')
    const before = await screen.size()
    await page.setViewportSize({ width: 1100, height: 700 })
    await until('the new size', async () => (await screen.size()).cols < before.cols)
    await screen.sees('load average')
    await screen.type('q')
    // What comes before the prompt, top itself throws away: it ends with a flush of its input (TCSAFLUSH).
    await screen.prompted()
    await screen.type('clear; stty size\r')
    const { cols, rows } = await screen.size()
    await screen.sees(`${rows} ${cols}`)
    await page.setViewportSize(sizes.wide)
  })

  it('edits a file in vim', async () => {
    const file = `${world.folder}/vim.txt`
    await screen.type(`vim -u NONE ${file}\r`)
    // Said by vim itself; the name alone stands on the command line, too.
    await screen.sees(/\[New( File)?\]/)
    await screen.type('istruck while hot')
    await screen.sees('struck while hot')
    await shoot(page, 'terminal-vim')
    await page.keyboard.press('Escape')
    await screen.type(':wq\r')
    await screen.prompted()
    await screen.type(`clear; cat ${file}\r`)
    await screen.sees(/^struck while hot/m)
  })

  it('reloads in the middle of output and loses nothing, and nothing types itself', async () => {
    await screen.type('clear; seq 1 200000; echo all-$((1+1))-done\r')
    await screen.sees(/^\d{4,}$/m)
    await page.reload()
    await screen.live(30_000)
    await screen.sees('all-2-done', 30_000)
    const numbers = async (): Promise<number[]> =>
      [...(await screen.rows()).matchAll(/^(\d+)$/gm)].map(([, digits]) => Number(digits))
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
    await screen.type('echo clean\r')
    await screen.sees(/\$ echo clean\s*\nclean|# echo clean\s*\nclean/)
  })

  it('stops a flood with Ctrl-C', async () => {
    await screen.type('yes\r')
    await screen.sees(/^y$/m)
    await page.keyboard.press('Control+c')
    await screen.prompted()
    await screen.type('clear; echo over-$((2+3))\r')
    await screen.sees('over-5', 10_000)
  })

  it('ends the shell and reads its exit code', async () => {
    await screen.type('exit 7\r')
    await page.getByText('Exit code 7.').waitFor()
    await shoot(page, 'terminal-ended')
  })

  it('met no error and nothing that the policy refused', () => {
    expect(faults).toEqual([])
  })
})
