// The screen of one instance against a real agent: its time, its resources, its past, what it reports, and its removal.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shootAll, sizes } from './page.ts'
import { signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page
let faults: string[]
let id: string

const query = (name: string): string | null => new URL(page.url()).searchParams.get(name)
const width = (): number => Number(query('to')) - Number(query('from'))
const tab = (name: string): Locator =>
  page.getByRole('navigation', { name: 'Of this instance' }).getByRole('link', { name })
const minute = 60_000
/** As a field of the type datetime-local takes it, in the zone of the browser. */
const field = (at: number): Promise<string> =>
  page.evaluate((ms) => {
    const date = new Date(ms)
    return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
  }, at)

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  const home = path.join(world.folder, 'home')
  mkdirSync(path.join(home, '.sindri'), { recursive: true })
  const line = (extension_name: string, state_after: string, event: object): string =>
    JSON.stringify({
      event_id: crypto.randomUUID(),
      timestamp: new Date().toISOString(),
      extension_name,
      state_after,
      event,
    })
  writeFileSync(
    path.join(home, '.sindri/status_ledger.jsonl'),
    `${line('nodejs', 'installed', { type: 'install_completed', version: '24.2.0' })}\n${line('ruby', 'failed', { type: 'install_failed', version: '3.4.1', error_message: 'no compiler' })}\n`,
  )
  world.startAgent('forge', { HOME: home, SINDRI_AGENT_TAGS: 'team=forge,env=dev', SINDRI_REGION: 'eu-central-1' })
  ;({ page, faults } = await openPage(browser))
  await signIn(page, world)
  ;({ id } = await world.running('forge'))
  await page.goto(`${world.url}/instances/${id}`)
  await page.locator('.apexcharts-series path').first().waitFor()
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

describe('the time of the charts', () => {
  it('stands in the address when it is paused, and is the same after a reload', async () => {
    await page.getByRole('button', { name: 'Pause' }).click()
    await until('the address to say so', () => query('paused'))
    const pausedAt = query('paused')
    await page.reload()
    await page.getByRole('button', { name: 'Pause', pressed: true }).waitFor()
    // Of what only the page before has seen a point or two are stored: too small to be visible.
    await page.locator('.apexcharts-series path').first().waitFor({ state: 'attached' })
    expect(query('paused')).toBe(pausedAt)
    expect(await page.getByText(/\d\d:\d\d to now/).count()).toBe(0)
    await page.getByRole('button', { name: 'Live' }).click()
    await page
      .getByText(/\d\d:\d\d to now/)
      .first()
      .waitFor()
    expect(query('paused')).toBeNull()
  })

  it('is zoomed by brush and goes back by Escape', async () => {
    const plot = page.locator('.canvas').first()
    const box = (await plot.boundingBox())!
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.8, box.y + 60, { steps: 5 })
    await page.mouse.up()
    await until('a span in the address', () => query('from'))
    expect(width()).toBeGreaterThan(minute)
    expect(width()).toBeLessThan(15 * minute)
    await page.keyboard.press('Escape')
    await until('no span in the address', () => query('from') === null)
  })

  it('is zoomed and moved by keys as well', async () => {
    await page.getByRole('region', { name: 'Charts' }).focus()
    await page.keyboard.press('+')
    await until('a span in the address', () => query('from'))
    expect(width()).toBe(7.5 * minute)
    // So young an instance has all there is in sight: the way on is only as long as time passes.
    const before = Number(query('from'))
    await until('a later span', async () => {
      await page.keyboard.press('ArrowRight')
      return Number(query('from')) > before
    })
    expect(width()).toBe(7.5 * minute)
    await page.getByRole('button', { name: 'Back to 15 min' }).click()
    await until('no span in the address', () => query('from') === null)
  })

  it('is chosen by two fields, which say what they expected and what they got', async () => {
    await page.getByRole('button', { name: 'Custom' }).click()
    const [from, to] = [page.getByLabel('From', { exact: true }), page.getByLabel('To', { exact: true })]
    const now = Math.floor(Date.now() / minute) * minute
    await from.fill(await field(now - 400 * 86_400_000))
    await to.fill(await field(now + 60 * minute))
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await page.getByText(/Expected a time from .* on, got/).waitFor()
    await page.getByText(/Expected a time up to now \(.*\), got/).waitFor()
    await shootAll(page, 'instance-custom')
    await from.fill(await field(now))
    await to.fill(await field(now))
    await page.getByText(/Expected a time at least 1\smin after/).waitFor()
    await to.fill(await field(now + minute))
    await page.keyboard.press('Escape')
    await to.waitFor({ state: 'detached' })
  })

  it('is told in a table, too', async () => {
    const cpu = page.getByRole('figure', { name: 'CPU' })
    await cpu.hover()
    await cpu.getByRole('button', { name: 'Show as table' }).click()
    await cpu.getByRole('columnheader', { name: 'use' }).waitFor()
    await until('a figure', async () => /\d%/.test((await cpu.getByRole('row').nth(1).textContent()) ?? ''))
    await cpu.getByRole('button', { name: 'Show as chart' }).click()
  })
})

describe('a tab', () => {
  it('of resources shows each core, mount and interface as it is now', async () => {
    await tab('Resources').click()
    await page.waitForURL(`**/instances/${id}/resources**`)
    await until('a core', async () => /Core 0 \d+%/.test((await page.getByRole('main').textContent()) ?? ''))
    await page.getByRole('row', { name: /^lo / }).getByText('not counted in the totals').waitFor()
    await page.getByRole('heading', { name: 'Mounts' }).waitFor()
    await shootAll(page, 'instance-resources')
  })

  it('of terminals keeps the ended ones with how they ended', async () => {
    const api = await world.api()
    const { openTerminal } = await api.ask(
      `mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id } }`,
      { input: { instanceId: id, cols: 80, rows: 24 } },
    )
    await tab('Terminals').click()
    await page.getByRole('link', { name: 'bash' }).waitFor()
    await api.ask('mutation ($id: ID!) { endTerminal(id: $id) { id } }', openTerminal)
    await page.reload()
    await page.getByRole('heading', { name: 'Ended' }).waitFor()
    await page.getByText(/Ended by|Exit code/).waitFor()
    await shootAll(page, 'instance-terminals')
  })

  it('of events shows what happened, down to the end', async () => {
    await tab('Events').click()
    await page.getByText('Connected').first().waitFor()
    await page.getByText('That is all.').waitFor()
    await shootAll(page, 'instance-events')
  })

  it('of details names the source of each fact, and what is not reported', async () => {
    await tab('Details').click()
    await page.getByRole('row', { name: /nodejs 24\.2\.0 installed/ }).waitFor()
    await page.getByRole('row', { name: /ruby .* failed/ }).waitFor()
    await page.getByText('From SINDRI_PROVIDER, SINDRI_REGION').waitFor()
    await page.getByText('Local, eu-central-1').waitFor()
    await page.getByText('From SINDRI_AGENT_TAGS when it first enrolled, then set here').waitFor()
    const protocol = page.getByText('Protocol').locator('..')
    await protocol.getByText(/^1\.\d+$/).waitFor()
    await page.getByText('SSH').locator('..').getByText('Not reported').waitFor()
    await shootAll(page, 'instance-details')
  })

  it('is in sight among the others on a phone, also where its address was opened', async () => {
    await page.setViewportSize(sizes.narrow)
    const isInSight = (name: string) => () =>
      tab(name).evaluate((el) => {
        const { left, right } = el.getBoundingClientRect()
        return left >= 0 && right <= innerWidth
      })
    await expect.poll(isInSight('Details')).toBe(true)
    await tab('Overview').press('Enter')
    await expect.poll(isInSight('Overview')).toBe(true)
    await tab('Details').press('Enter')
    await page.waitForURL('**/details*')
    await page.reload()
    await expect.poll(isInSight('Details')).toBe(true)
    await page.setViewportSize(sizes.wide)
  })
})

describe('its menu', () => {
  it('changes its tags, which Undo gives back', async () => {
    await page.getByRole('button', { name: 'Actions on forge' }).click()
    await page.getByRole('menuitem', { name: 'Edit tags…' }).click()
    await page.getByRole('button', { name: 'Take out env=dev' }).click()
    const field = page.getByLabel('Tags', { exact: true })
    await expect.poll(() => field.evaluate((input: HTMLInputElement) => input.list?.options[0]?.value)).toBe('env=dev')
    await field.fill('gpu')
    await page.getByRole('button', { name: 'Save tags' }).click()
    const fact = page.getByRole('main').getByText('Tags', { exact: true }).locator('..')
    await fact.getByText('gpu').waitFor()
    await fact.getByText('env=dev').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await fact.getByText('env=dev').waitFor()
  })

  it('removes it, once it was said what is cut off and the name was typed', async () => {
    await page.getByRole('button', { name: 'Actions on forge' }).click()
    await page.getByRole('menuitem', { name: 'Remove…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Remove forge?' })
    await dialog.getByText('One connected agent is cut off at once').waitFor()
    const act = dialog.getByRole('button', { name: 'Remove instance' })
    expect(await act.isDisabled()).toBe(true)
    await shootAll(page, 'instance-remove')
    await dialog.getByLabel('Type forge to confirm').fill('forge')
    await act.click()
    await page.waitForURL(({ pathname }) => pathname === '/instances')
    await page.getByText('forge removed').first().waitFor()
    await page.goto(`${world.url}/instances/${id}`)
    await page.getByText('There is no such instance').waitFor()
  })
})

it('the page met no error and nothing that the policy refused', () => {
  expect(faults).toEqual([])
})
