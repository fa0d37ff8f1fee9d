// The memory of a page on which charts move for long: a real page whose real samples are followed by many more of the same kind.
import type { Browser, CDPSession, Page, WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { openBrowser, openPage } from './page.ts'
import { signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page
let cdp: CDPSession

/** The page's end of its socket, and the newest sample that came over it. */
let socket: WebSocketRoute
let sampled: { id: string; payload: { data: { metricSampled: { sample: { at: string; cpu: object } } } } } | undefined

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  world.startAgent('forge')
  ;({ page } = await openPage(browser))
  await page.routeWebSocket(/graphql/, (route) => {
    socket = route
    const server = route.connectToServer()
    server.onMessage((message) => {
      if (String(message).includes('"metricSampled"')) sampled = JSON.parse(String(message))
      route.send(message)
    })
  })
  await signIn(page, world)
  const { id } = await world.running('forge')
  await page.goto(`${world.url}/instances/${id}?range=15m`)
  await page.locator('.apexcharts-series path').first().waitFor()
  await until('a live sample', () => sampled, 60_000)
  cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
})
afterAll(async () => {
  await browser?.close()
  await world?.end()
})

const measure = async (): Promise<{ heapMiB: number; nodes: number; listeners: number }> => {
  for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? NaN
  return { heapMiB: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes'), listeners: of('JSEventListeners') }
}

/** Of samples: what fills the charts, and what passes over them afterwards. */
const fillMin = 15
const passMin = Number(process.env.SINDRI_MEMORY_MINUTES ?? 15)
/** By the clock, with nothing but what the agent sends; none unless asked for. */
const liveMin = Number(process.env.SINDRI_MEMORY_LIVE_MINUTES ?? 0)
const tell = (what: string, figures: object): void => void process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`)

let sent = 0
/** Each of a page's renewals takes in 12 s of samples; the charts draw after every one. */
const draw = async (minutes: number): Promise<void> => {
  const { id, payload } = sampled!
  const first = Date.parse(payload.data.metricSampled.sample.at)
  const shape = (): Promise<string | null> => page.locator('.apexcharts-series path').first().getAttribute('d')
  for (let i = 0; i < minutes * 5; i++) {
    const before = await shape()
    for (let j = 0; j < 6; j++) {
      const at = new Date(first + ++sent * 2000).toISOString()
      const { sample } = payload.data.metricSampled
      const next = { ...sample, at, cpu: { ...sample.cpu, usagePercent: (sent * 7) % 100 } }
      const data = { metricSampled: { ...payload.data.metricSampled, sample: next } }
      socket.send(JSON.stringify({ id, type: 'next', payload: { data } }))
    }
    await until('the chart to move', async () => (await shape()) !== before)
  }
}

it(
  'does not grow with what passes over it',
  async () => {
    // A whole range, so that the charts are full; then another.
    await draw(fillMin)
    const full = await measure()
    await draw(passMin)
    const later = await measure()
    tell(`${passMin} min over full charts`, { full, later })
    expect(later.listeners).toBeLessThanOrEqual(full.listeners + 50)
    expect(later.nodes).toBeLessThanOrEqual(full.nodes * 1.1 + 200)
    expect(later.heapMiB).toBeLessThanOrEqual(full.heapMiB + 3)
  },
  60_000 + (fillMin + passMin) * 12_000,
)

it('does not grow with the charts that were left behind', async () => {
  const leaveAndReturn = async (): Promise<void> => {
    await page.getByRole('link', { name: 'Details' }).click()
    await page.getByRole('heading', { name: 'Extensions' }).waitFor()
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.locator('.apexcharts-series path').first().waitFor()
  }
  for (let i = 0; i < 5; i++) await leaveAndReturn()
  const few = await measure()
  for (let i = 0; i < 10; i++) await leaveAndReturn()
  const many = await measure()
  tell('15 charts left behind', { few, many })
  expect(
    await page.evaluate(() => (window as unknown as { Apex: { _chartInstances: [] } }).Apex._chartInstances.length),
  ).toBe(4)
  expect(many.listeners).toBeLessThanOrEqual(few.listeners + 100)
  expect(many.nodes).toBeLessThanOrEqual(few.nodes * 1.2 + 500)
  expect(many.heapMiB).toBeLessThanOrEqual(few.heapMiB + 4)
}, 300_000)

it.runIf(liveMin > 0)(
  'does not grow while it is simply looked at',
  async () => {
    await page.reload()
    await page.locator('.apexcharts-series path').first().waitFor()
    const minute = (): Promise<void> => page.waitForTimeout(60_000)
    await minute()
    const early = await measure()
    for (let i = 0; i < liveMin; i++) await minute()
    const late = await measure()
    tell(`${liveMin} live minutes`, { early, late })
    expect(late.listeners).toBeLessThanOrEqual(early.listeners + 50)
    expect(late.heapMiB).toBeLessThanOrEqual(early.heapMiB + 4)
  },
  (liveMin + 3) * 60_000,
)
