// GraphiQL for who is signed in: it asks, watches, and speaks for a key that stands among its headers.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shoot } from './page.ts'

let world: World
let browser: Browser
let page: Page
let faults: string[]
let key: string
beforeAll(async () => {
  world = await openWorld()
  const api = await world.api()
  const { createApiKey } = await api.ask('mutation { createApiKey(input: { name: "robot", role: VIEWER }) { secret } }')
  key = createApiKey.secret
  browser = await openBrowser()
  ;({ page, faults } = await openPage(browser, { permissions: ['clipboard-read', 'clipboard-write'] }))
  const [name = '', value = ''] = api.cookie().split('=')
  await page.context().addCookies([{ name, value, url: world.url, httpOnly: true, sameSite: 'Lax' }])
  await page.goto(`${world.url}/graphql`)
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

const editor = '.graphiql-query-editor .monaco-editor'
/** Pasted: the editor closes brackets that are typed by itself. */
const write = async (where: string, text: string): Promise<void> => {
  await page.locator(where).first().click()
  await page.keyboard.press('ControlOrMeta+A')
  await page.evaluate((pasted) => navigator.clipboard.writeText(pasted), text)
  await page.keyboard.press('ControlOrMeta+V')
}
const run = (): Promise<void> => page.locator('.graphiql-execute-button').click()
/** What the answer says: the editor draws spaces as others. */
const answer = async (): Promise<string> =>
  ((await page.locator('.graphiql-response .view-lines').first().textContent()) ?? '').replace(/\s/gu, '')

describe('GraphiQL', () => {
  it('answers a question with the rights of the session', async () => {
    await page.locator(editor).waitFor()
    await write(editor, '{ viewer { role } }')
    await run()
    await until('the role', async () => (await answer()).includes('"role":"ADMIN"'))
    await shoot(page, 'graphiql')
  })

  it('watches a subscription until it is stopped, by a key among the headers', async () => {
    await page.getByRole('button', { name: 'Headers' }).click()
    await write(
      '.graphiql-editor-tool .monaco-editor >> visible=true',
      JSON.stringify({ authorization: `Bearer ${key}` }),
    )
    await write(editor, 'subscription { instanceChanged { instance { name } } }')
    await run()
    const figures = async (): Promise<string> => (await fetch(`${world.url}/metrics`)).text()
    await until('an open stream', async () => /^sindri_streams 1$/m.test(await figures()))
    world.startAgent('forge')
    await until('the new instance', async () => (await answer()).includes('"name":"forge"'))
    await run()
    await until('the stream to end', async () => /^sindri_streams 0$/m.test(await figures()))
    await write(editor, '{ viewer { name role } }')
    await run()
    await until('the key', async () => (await answer()).includes('"name":"robot","role":"VIEWER"'))
  })

  it('met no error and no refusal of the policy', () => {
    expect(faults).toEqual([])
  })
})
