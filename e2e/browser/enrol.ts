// The command by which a machine joins, as a person takes it off the page.
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** What was copied is pasted elsewhere: a page that came over plain HTTP cannot read the clipboard. */
export async function copyCommand(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Copy command' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  const elsewhere = await page.context().newPage()
  await elsewhere.setContent('<textarea></textarea>')
  await elsewhere.getByRole('textbox').press('Control+v')
  const command = await elsewhere.getByRole('textbox').inputValue()
  await elsewhere.close()
  expect(command).toMatch(/^SINDRI_CONSOLE_URL=\S+ \\\n {2}SINDRI_CONSOLE_API_KEY=\S+ \\\n {2}npm run agent$/)
  return command
}
