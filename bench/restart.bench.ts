// A rolling restart as it is seen: two consoles behind a balancer are ended and started again in turn, while a page shows a terminal that
// counts. How long the count stood still each time, beside how long it stands still anyway.
import { openBrowser, openPage, type Page } from '@sindri/e2e/browser/page'
import { screenOf, signIn } from '@sindri/e2e/browser/screen'
import { until } from '@sindri/e2e/kit/processes'
import { openSet } from '@sindri/e2e/kit/set'
import { percentile, print } from './kit/report.ts'

const RESTARTS = 8
/** Agents and pages settle down where they came to, and what follows is seen. */
const SETTLE_MS = 4_000

/** Looks at the rows at each frame from now on, and keeps the longest time without a change. */
const watch = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const state = { shown: '', since: performance.now(), longest: 0 }
    Object.assign(globalThis, { watched: state })
    const look = (): void => {
      const shown = document.querySelector('[data-terminal] .xterm-rows')?.textContent ?? ''
      const now = performance.now()
      state.longest = Math.max(state.longest, now - state.since)
      if (shown !== state.shown) Object.assign(state, { shown, since: now })
      requestAnimationFrame(look)
    }
    look()
  })
/** The longest since it was last asked. */
const longest = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const state = (globalThis as unknown as { watched: { longest: number; since: number } }).watched
    const { longest: ms } = state
    state.longest = 0
    return ms
  })
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const set = await openSet(2)
const browser = await openBrowser()
try {
  set.startAgent('anvil')
  const { page, faults } = await openPage(browser)
  await signIn(page, set)
  const api = await set.signIn(set.url)
  const id = await until('the agent to be in', async () => {
    const { instances } = await api.ask('{ instances { edges { node { id status } } } }')
    return instances.edges.find((edge: any) => edge.node.status === 'RUNNING')?.node.id
  })
  await page.goto(`${set.url}/instances/${id}`)
  await page.getByRole('button', { name: 'Open terminal' }).click()
  const screen = screenOf(page)
  await screen.prompted()
  await page.locator('[data-terminal]').click()
  await screen.type('i=0; while sleep 0.02; do i=$((i+1)); echo $i; done\n')
  await screen.sees(/\n50\n/)
  await watch(page)

  const quiet: number[] = []
  for (let i = 0; i < RESTARTS; i++) {
    await pause(SETTLE_MS)
    quiet.push(await longest(page))
  }
  const restarted: number[] = []
  for (let i = 0; i < RESTARTS; i++) {
    await set.stop(i % 2, 'SIGTERM')
    await set.start(i % 2)
    await pause(SETTLE_MS)
    restarted.push(await longest(page))
  }
  if (faults.length > 0) throw new Error(`expected a page without faults, got ${faults.join('; ')}`)
  const most = Math.max(...restarted)
  print({
    bench: `restart of one console of two, ${RESTARTS} times`,
    figures: { 'count stands still, p50 ms': percentile(restarted, 0.5), 'count stands still, most ms': most },
    baselines: { 'without a restart, most ms': Math.max(...quiet) },
    ratios: { 'with / without a restart, most': most / Math.max(...quiet) },
    goals: [{ name: 'count stands still, most ms', figure: most, goal: 2_000, kind: 'max' }],
  })
} finally {
  await browser.close()
  await set.end()
}
