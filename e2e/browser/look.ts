// A screen in both themes and at both widths: a picture of each, and what is wrong with it.
import type { Page } from 'playwright-core'
import { violationsOf } from './axe.ts'
import { shoot, sizes } from './page.ts'

/** What axe-core finds wrong and what stands beside the screen, a line each; none for a screen that is whole. */
export async function look(page: Page, name: string): Promise<string[]> {
  const found: string[] = []
  for (const viewport of Object.values(sizes)) {
    for (const colorScheme of ['dark', 'light'] as const) {
      const of = `${name}-${colorScheme}-${viewport.width}`
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      // Charts and terminals draw themselves anew.
      await page.waitForTimeout(500)
      await shoot(page, of)
      found.push(...(await violationsOf(page)).map((violation) => `${of}: ${violation}`))
      const beside = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (beside > 0) found.push(`${of}: ${beside} px stand beside the screen`)
    }
  }
  return found
}
