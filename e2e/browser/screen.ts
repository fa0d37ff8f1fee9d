// What a person sees and does at a terminal on a page.
import type { Page } from 'playwright-core'
import { until } from '../kit/processes.ts'
import type { World } from '../kit/world.ts'

export interface Screen {
  /** The rows in sight: without a graphics card xterm draws them as elements, and for a screen reader it always has them. */
  rows(): Promise<string>
  sees(what: string | RegExp, withinMs?: number): Promise<void>
  /** The shell waits for a command: what is typed before, a program that is just ending may throw away. */
  prompted(): Promise<void>
  type(text: string): Promise<void>
  /** As the pane says it. */
  size(): Promise<{ cols: number; rows: number }>
  /** The pane follows the live output. */
  live(withinMs?: number): Promise<void>
}

/** `pane`: a selector, where more than one is on the page. */
export const screenOf = (page: Page, pane = '[data-terminal]'): Screen => {
  const rows = (): Promise<string> =>
    page.evaluate((within) => {
      const drawn = document.querySelectorAll(`${within} .xterm-rows > div`)
      const read = document.querySelectorAll(`${within} .xterm-accessibility-tree > div`)
      return Array.from(drawn.length > 0 ? drawn : read, (row) => row.textContent?.trimEnd() ?? '').join('\n')
    }, pane)
  const sees: Screen['sees'] = async (what, withinMs = 15_000) => {
    await until(
      `the terminal to show ${String(what)}`,
      async () => {
        const text = await rows()
        return typeof what === 'string' ? text.includes(what) : what.test(text)
      },
      withinMs,
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify((await rows()).slice(-600))}`)
    })
  }
  return {
    rows,
    sees,
    prompted: () => sees(/[#$]\s*$/),
    type: (text) => page.keyboard.type(text),
    async size() {
      const words = (await page.locator(`${pane}[data-size]`).getAttribute('data-size')) ?? ''
      const [cols = 0, lines = 0] = words.split(' × ').map(Number)
      return { cols, rows: lines }
    },
    live: (withinMs = 15_000) => page.locator(`${pane}[data-phase=live]`).waitFor({ timeout: withinMs }),
  }
}

export async function signIn(page: Page, world: Pick<World, 'url' | 'admin'>): Promise<void> {
  await page.goto(world.url)
  await page.getByLabel('E-mail').fill(world.admin.email)
  await page.getByLabel('Password', { exact: true }).fill(world.admin.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(({ pathname }) => pathname === '/')
}
