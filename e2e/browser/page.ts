// A real Chromium on a real console, with screenshots kept for a look.
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { root } from '../kit/processes.ts'

export type { Page }

const found = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (file) => file && existsSync(file),
)

export const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } } as const

/** `graphics`: with a graphics card, which the processor plays; otherwise the terminal's rows are elements that a test can read. */
export async function openBrowser({ graphics = false } = {}): Promise<Browser> {
  if (!found) throw new Error('expected Chromium at CHROMIUM_PATH or /usr/bin/chromium, got none')
  return chromium.launch({
    executablePath: found,
    args: [
      '--no-sandbox',
      ...(graphics
        ? ['--use-angle=swiftshader', '--enable-unsafe-swiftshader']
        : ['--disable-gpu', '--disable-3d-apis']),
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A page whose every error counts: an exception, or anything that the policy refused. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({
    viewport: sizes.wide,
    colorScheme: 'dark',
    reducedMotion: 'reduce',
    ...options,
  })
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text()))
      faults.push(message.text())
  })
  return { page, faults }
}

/** Out of what just opened: Vuetify minds the key from the next turn of the browser on. */
export async function escape(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)))
  await page.keyboard.press('Escape')
}

/** Pictures for a look, or for the documentation. */
const folder = path.resolve(root, process.env.SINDRI_SCREENSHOTS ?? 'e2e/out')

export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: path.join(folder, `${name}.png`) })
}

/** The same screen in both themes and at both widths, for who asks for pictures: they take seconds, so the lanes do without. */
export async function shootAll(page: Page, name: string): Promise<void> {
  if (!process.env.SINDRI_SCREENSHOTS) return
  for (const viewport of Object.values(sizes)) {
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      // Charts and terminals draw themselves anew after a change of size.
      await page.waitForTimeout(400)
      await shoot(page, `${name}-${colorScheme}-${viewport.width}`)
    }
  }
  await page.setViewportSize(sizes.wide)
  await page.emulateMedia({ colorScheme: 'dark' })
}
