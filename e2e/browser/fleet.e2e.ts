// The fleet at a glance: real machines as squares, what becomes of one that falls silent, and a fleet too large to be drawn as links.
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Proc, until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shootAll, sizes } from './page.ts'
import { signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page
let faults: string[]
/** With the three real ones, more than can be drawn large. */
const SWARM = 505
const agents = new Map<string, Proc>()

/** What is drawn before a status, whatever its colour. */
const silhouetteIn = (line: Locator): Promise<string> =>
  line.locator('svg.glyph path').evaluateAll((strokes) => strokes.map((stroke) => stroke.getAttribute('d')).join(' '))
const concern = (on: Page, words: RegExp) =>
  on.getByRole('region', { name: 'Needs attention' }).getByRole('link', { name: words })
/** Two heartbeats missed is a state of ten seconds: a page that does nothing else does not miss it. */
let stale: Promise<string>
const square = (name: string) => page.getByRole('link', { name: new RegExp(`^${name}, `) })

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld({ SINDRI_ENROL_RATE: '6000' }), openBrowser()])
  for (const [name, provider] of [
    ['anvil', 'docker'],
    ['bellows', 'docker'],
    ['tongs', 'k8s'],
  ] as const)
    agents.set(name, world.startAgent(name, { SINDRI_PROVIDER: provider }))
  await Promise.all(Array.from(agents.keys(), (name) => world.running(name)))
  // Thirty seconds pass until that is told; the rest is looked at meanwhile, while it still counts as running.
  await agents.get('bellows')?.end()
  ;({ page, faults } = await openPage(browser))
  await signIn(page, world)
  const waiting = await page.context().newPage()
  await waiting.goto(world.url)
  const line = concern(waiting, /bellows is stale.*Two heartbeats missed/)
  stale = line.waitFor({ timeout: 90_000 }).then(() => silhouetteIn(line))
  stale.catch(() => {})
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

describe('the fleet', () => {
  it('shows each machine as a square of its provider, with its measured load, live', async () => {
    await page.getByText('of 3 instances running').waitFor()
    await page.getByRole('group', { name: 'Docker, 2 instances by CPU' }).waitFor()
    await page.getByRole('group', { name: 'Kubernetes, one instance by CPU' }).waitFor()
    await square('tongs')
      .and(page.getByRole('link', { name: /CPU \d+%/ }))
      .waitFor()
    await page.getByRole('button', { name: 'Memory', exact: true }).click()
    await square('tongs')
      .and(page.getByRole('link', { name: /Memory \d+%/ }))
      .waitFor()
    expect(new URL(page.url()).searchParams.get('load')).toBe('memory')
    await page.getByText('Nothing needs attention').waitFor()
    await page.getByRole('row', { name: /anvil.*CPU \d+%/ }).waitFor()
    await shootAll(page, 'fleet-three')
  })

  it('is walked by keys, and a square leads to its machine', async () => {
    const docker = page.getByRole('group', { name: /^Docker/ })
    const first = (await docker.getByRole('link').getAttribute('aria-label')) ?? ''
    await docker.getByRole('link').focus()
    await page.keyboard.press('ArrowRight')
    const second = (await docker.getByRole('link').getAttribute('aria-label')) ?? ''
    expect(second).not.toBe(first)
    expect(second).toContain('2 of 2')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/instances/ins_*')
    await page
      .getByText(second.split(',')[0] ?? '', { exact: true })
      .first()
      .waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('f')
    await page.waitForURL(({ pathname }) => pathname === '/')
  })

  it('tells of a machine that falls silent, first and for good, each by its silhouette and its words', async () => {
    const silhouette = await stale
    const line = concern(page, /bellows is offline.*Three heartbeats missed/)
    await line.waitFor({ timeout: 90_000 })
    expect(silhouette).not.toBe(await silhouetteIn(line))
    await page.getByRole('link', { name: /^1 offline/ }).waitFor()
    await page.getByRole('region', { name: 'Recent events' }).getByText('bellows').first().waitFor()
    // Not before: so many arrivals leave no room among the latest events.
    world.startSwarm(SWARM, '--metrics', '5')
    await shootAll(page, 'fleet-silent')
    await line.click()
    await page.waitForURL('**/instances/ins_*')
    await page.getByRole('link', { name: 'Instances', exact: true }).first().click()
    const row = (name: string, status: string) =>
      page
        .getByRole('row')
        .filter({ has: page.getByRole('link', { name, exact: true }) })
        .getByText(status, { exact: true })
    await Promise.all([row('anvil', 'Running').waitFor(), row('bellows', 'Offline').waitFor()])
    expect(await silhouetteIn(row('bellows', 'Offline'))).not.toBe(await silhouetteIn(row('anvil', 'Running')))
  })
})

describe('a fleet too large for large squares', () => {
  const group = (name: string) => page.getByRole('group', { name: new RegExp(`^${name}, \\d+ instances by CPU`) })
  const groups = () => page.getByRole('group', { name: /by CPU$/ })
  const zoom = (name: string) => page.getByRole('button', { name: `${name} alone` })
  const cell = (name: string) => group(name).locator('[data-cell]')
  const sideOf = async (name: string) => (await cell(name).boundingBox())?.width ?? 0
  let small = 0

  it('is shown whole by provider, and a provider alone with larger squares, by keys', async () => {
    await page.getByRole('link', { name: 'Fleet', exact: true }).first().click()
    await page.getByText(`of ${SWARM + 3} instances running`).waitFor({ timeout: 90_000 })
    for (const name of ['Docker', 'Kubernetes', 'Fly.io', 'E2B', 'DevPod']) await group(name).waitFor()
    const counts = await groups().evaluateAll((all) => all.map((one) => /, (\d+) /.exec(one.ariaLabel ?? '')?.[1]))
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(SWARM + 3)
    await page.getByText('Choose a provider to see its own').waitFor()
    small = await sideOf('Kubernetes')
    await shootAll(page, 'fleet-large')
    await zoom('Kubernetes').focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => groups().count()).toBe(1)
    expect(await sideOf('Kubernetes')).toBeGreaterThanOrEqual(2 * small)
    expect(new URL(page.url()).searchParams.get('provider')).toBe('Kubernetes')
    await shootAll(page, 'fleet-zoomed')
  })

  it('leads from a square to its instance, and back to the provider', async () => {
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    const at = () => page.evaluate(() => document.activeElement?.ariaLabel ?? '')
    expect(await at()).toMatch(/, 1 of \d+; arrow keys move$/)
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    const name = (await at()).split(',')[0] ?? ''
    expect(name).toMatch(/^swarm-/)
    await page.keyboard.press('Enter')
    await page.waitForURL('**/instances/ins_*')
    await page.getByText(name, { exact: true }).first().waitFor()
    await page.goBack()
    await expect.poll(() => groups().count()).toBe(1)
  })

  it('leads there by the pointer as well, and by keys back to all of it', async () => {
    // Under the pointer a square says who it is before it is pressed.
    const tip = group('Kubernetes').locator('.tip .name')
    const name = await until('a name under the pointer', async () => {
      // Where it lies now: the screen has just come, and squares find their places a moment later.
      const box = await group('Kubernetes').boundingBox()
      const side = await sideOf('Kubernetes')
      await page.mouse.move(0, 0)
      await page.mouse.move((box?.x ?? 0) + 2.5 * side, (box?.y ?? 0) + 1.5 * side)
      return (await tip.allTextContents())[0]
    })
    // It stays while the figures of the fleet move on.
    const figures = () => page.getByRole('region', { name: 'Busiest now' }).textContent()
    const before = await figures()
    // A console that is short of time reads the fleet the less often.
    await expect.poll(figures, { timeout: 60_000 }).not.toBe(before)
    expect(await tip.allTextContents()).toEqual([name])
    await page.mouse.down()
    await page.mouse.up()
    await page.waitForURL('**/instances/ins_*')
    await page.getByText(name, { exact: true }).first().waitFor()
    await page.goBack()
    await zoom('Kubernetes').focus()
    await page.keyboard.press('Escape')
    await expect.poll(() => groups().count()).toBe(5)
    expect(await sideOf('Kubernetes')).toBe(small)
    // Who went in by keys is still where they were.
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'All providers' }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => groups().count()).toBe(5)
    expect(await page.evaluate(() => document.activeElement?.ariaLabel)).toBe('Kubernetes alone')
  })

  it('lets a finger choose a provider first, where squares are too small to be told apart, and then a square', async () => {
    const phone = await openPage(browser, { viewport: sizes.narrow, hasTouch: true })
    await signIn(phone.page, world)
    const docker = phone.page.getByRole('group', { name: /^Docker, \d+ instances by CPU/ })
    const cells = docker.locator('canvas')
    await cells.waitFor()
    const before = await cells.evaluate(({ clientHeight }) => clientHeight)
    await cells.tap({ position: { x: 30, y: 20 } })
    await phone.page.waitForURL(({ searchParams }) => searchParams.get('provider') === 'Docker')
    await expect.poll(() => cells.evaluate(({ clientHeight }) => clientHeight)).toBeGreaterThan(before)
    await cells.tap({ position: { x: 30, y: 8 } })
    await phone.page.waitForURL('**/instances/ins_*')
    expect(phone.faults).toEqual([])
    await phone.page.context().close()
  })

  it('met no error and nothing that the policy refused', () => {
    expect(faults).toEqual([])
  })
})
