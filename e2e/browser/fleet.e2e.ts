// The fleet at a glance: real machines as squares, what becomes of one that falls silent, and a fleet too large to be drawn as links.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Proc } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage, shootAll } from './page.ts'
import { signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page
let faults: string[]
const agents = new Map<string, Proc>()

const square = (name: string) => page.getByRole('link', { name: new RegExp(`^${name}, `) })

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
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

  it('tells of a machine that fell silent, and leads to it', async () => {
    const concern = page.getByRole('link', { name: /bellows is offline/ })
    await concern.waitFor({ timeout: 90_000 })
    await page.getByRole('link', { name: /1 offline/ }).waitFor()
    await page.getByRole('region', { name: 'Recent events' }).getByText('bellows').first().waitFor()
    await shootAll(page, 'fleet-silent')
    await concern.click()
    await page.waitForURL('**/instances/ins_*')
  })

  it('met no error and nothing that the policy refused', () => {
    expect(faults).toEqual([])
  })
})
