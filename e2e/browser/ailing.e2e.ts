// A console without its bus, then without its database: the page says so, an open terminal goes on, and all is well again by itself.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openProxy, type Proxy } from '@sindri/api/testing/proxy'
import { openBackend } from '../kit/backend.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shootAll } from './page.ts'
import { screenOf, signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page
/** To each service, so that it can be taken away. */
let ways: Record<'BUS' | 'DATABASE', Proxy>
const drop: (() => Promise<void>)[] = []
beforeAll(async () => {
  const backend = await openBackend()
  drop.push(backend.drop)
  const { DATABASE_URL = '', REDIS_URL = '' } = backend.env
  ways = { BUS: await openProxy(REDIS_URL), DATABASE: await openProxy(DATABASE_URL) }
  ;[world, browser] = await Promise.all([
    openWorld({ DATABASE_URL: ways.DATABASE.url, REDIS_URL: ways.BUS.url }),
    openBrowser(),
  ])
  ;({ page } = await openPage(browser))
  await signIn(page, world)
  world.startAgent('anvil')
  const { id } = await world.running('anvil')
  await page.goto(`${world.url}/instances/${id}`)
  await page.getByRole('button', { name: 'Open terminal' }).click()
  await screenOf(page).prompted()
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
  for (const way of Object.values(ways ?? {})) await way.close()
  for (const end of drop) await end()
})

it.each([
  ['BUS', 'The consoles do not hear each other'],
  ['DATABASE', 'The database does not answer'],
] as const)('%s', async (part, words) => {
  const strip = page.getByRole('status').filter({ hasText: words })
  await ways[part].cut()
  await strip.waitFor()
  await shootAll(page, `ailing-${part.toLowerCase()}`)
  const screen = screenOf(page)
  await page.locator('[data-terminal]').click()
  await screen.type(`echo on-${part}-$((40 + 2))\n`)
  await screen.sees(`on-${part}-42`)
  expect(await strip.count()).toBe(1)
  await ways[part].mend()
  await strip.waitFor({ state: 'detached' })
  expect(await page.getByText('Live', { exact: true }).first().isVisible()).toBe(true)
})
