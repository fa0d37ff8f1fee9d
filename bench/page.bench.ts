// How long the list of instances takes in a real browser with 10 000 instances, of which 2 000 are simulated agents that report all the while;
// and how often it draws when many samples a second arrive. Beside it, what the same console takes to answer the same question to a program.
import { openBrowser, openPage, type Page } from '@sindri/e2e/browser/page'
import { signIn } from '@sindri/e2e/browser/screen'
import { until } from '@sindri/e2e/kit/processes'
import { openWorld } from '@sindri/e2e/kit/world'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { openSimulatedAgent } from './kit/agent.ts'
import { onDatabase } from './kit/database.ts'
import { documentOf } from './kit/document.ts'
import { fillFleet } from './kit/fleet.ts'
import { makeKeys } from './kit/keys.ts'
import { type Goal, percentile, print } from './kit/report.ts'
import { startRole } from './kit/role.ts'
import { sampleOf } from './kit/sample.ts'

const INSTANCES = 10_000
const AGENTS = 2_000
/** All on one page of the list, each with a sample a second. */
const QUICK = 50
const TIMES = 15
const DRAWN_S = 10
const PUBLISH = 'mutation ($records: [MetricSampleInput]!) { publishSamples(records: $records) { outcomes } }'

/** Opens the list as after a reload; the time until rows stand there and the search takes letters, from the browser's own start of it. */
async function open(page: Page, url: string): Promise<number> {
  await page.goto(`${url}/instances`, { waitUntil: 'commit' })
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          const usable =
            document.querySelector('tbody tr a[href^="/instances/ins_"]') &&
            document.querySelector('[data-filter] input')
          // After the frame in which it is drawn.
          if (usable) setTimeout(() => resolve(performance.now()))
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      }),
  )
}

/** Puts a search into the field, as its last letter does; the time until the rows are those that match, and no other. */
function search(page: Page, text: string, expected: string): Promise<number> {
  return page.evaluate(
    ({ text, expected }) =>
      new Promise<number>((resolve) => {
        const field = document.querySelector<HTMLInputElement>('[data-filter] input')
        if (!field) throw new Error('expected a search field')
        const began = performance.now()
        const look = (): void => {
          const names = Array.from(document.querySelectorAll('tbody tr a[href^="/instances/ins_"]'), (link) =>
            link.textContent.trim(),
          )
          if (names.length > 0 && names.every((name) => name.startsWith(expected)))
            setTimeout(() => resolve(performance.now() - began))
          else requestAnimationFrame(look)
        }
        field.value = text
        field.dispatchEvent(new Event('input', { bubbles: true }))
        requestAnimationFrame(look)
      }),
    { text, expected },
  )
}

/** The rounds in which the rows changed on screen, in so many seconds. */
function drawn(page: Page, seconds: number): Promise<{ rounds: number; seconds: number }> {
  return page.evaluate(
    (ms) =>
      new Promise<{ rounds: number; seconds: number }>((resolve) => {
        let rounds = 0
        let open = false
        const body = document.querySelector('tbody')
        if (!body) throw new Error('expected rows')
        const began = performance.now()
        const observer = new MutationObserver(() => {
          // What changes before the next frame is seen with it.
          if (open) return
          open = true
          rounds += 1
          requestAnimationFrame(() => (open = false))
        })
        observer.observe(body, { subtree: true, childList: true, characterData: true, attributes: true })
        setTimeout(() => {
          observer.disconnect()
          resolve({ rounds, seconds: (performance.now() - began) / 1000 })
        }, ms)
      }),
    seconds * 1000,
  )
}

const world = await openWorld({ SINDRI_ENROL_RATE: '100000' })
const asker = startRole('kit/asker.ts')
const browser = await openBrowser()
const secretFile = path.join(world.folder, 'console', 'enrol-secret')

try {
  const first = await openSimulatedAgent(world.url, readFileSync(secretFile, 'utf8').trim(), 'workspace-first')
  await first.ask(PUBLISH, { records: [sampleOf(first.run, 1, Date.now())] })
  await first.close()
  await onDatabase(world.backend.databaseUrl, (client) => fillFleet(client, INSTANCES - AGENTS - QUICK))
  world.startSwarm(AGENTS)
  world.startSwarm(QUICK, '--prefix', 'quick', '--metrics', '1')
  const api = await world.api()
  const COUNT =
    '{ all: instances { totalCount } live: instances(search: "simulated=swarm", filter: { status: [RUNNING] }) { totalCount } }'
  await until(
    'all of the swarm to be RUNNING',
    async () => {
      const { all, live } = await api.ask(COUNT)
      return all.totalCount === INSTANCES && live.totalCount === AGENTS + QUICK
    },
    300_000,
  )

  const { page, faults } = await openPage(browser)
  await signIn(page, world)
  const opened: number[] = []
  const searched: number[] = []
  for (let i = 0; i < TIMES; i++) {
    opened.push(await open(page, world.url))
    const narrow = `workspace-0${i % 10}`
    searched.push(await search(page, narrow, narrow))
    searched.push(await search(page, `swarm-0${i % 10}`, `swarm-0${i % 10}`))
  }
  await search(page, 'quick-', 'quick-')
  let frames = 0
  page.on('websocket', (socket) =>
    socket.on('framereceived', ({ payload }) => (frames += payload.includes('metricSampled') ? 1 : 0)),
  )
  await page.reload()
  await page.locator('tbody tr a[href^="/instances/ins_"]').first().waitFor()
  await drawn(page, 2)
  const before = frames
  const { rounds, seconds } = await drawn(page, DRAWN_S)
  const arrived = (frames - before) / seconds
  if (faults.length > 0) throw new Error(`expected a page without faults, got ${faults.join('; ')}`)

  const keys = await makeKeys(api, 5)
  const asked = await asker.ask<number[]>('times', {
    url: world.url,
    keys,
    query: documentOf('Instances'),
    variables: { first: 50, sort: { field: 'NAME', descending: false } },
    times: 60,
  })
  const figures: Record<string, number> = {}
  for (const [name, took] of [
    ['reload → list usable', opened],
    ['last letter of a search → its rows', searched],
  ] as const)
    for (const share of [0.5, 0.95]) figures[`${name}, p${share * 100} ms`] = percentile(took, share)
  figures['samples of the page a second'] = arrived
  figures['rounds of drawing a second'] = rounds / seconds
  const goal = (name: string, most: number): Goal => ({
    name,
    figure: figures[name] ?? Number.NaN,
    goal: most,
    kind: 'max',
  })
  print({
    bench: `page, ${INSTANCES} instances of which ${AGENTS + QUICK} report, on ${world.backend.databaseUrl ? 'PostgreSQL' : 'PGlite'}`,
    figures,
    baselines: {
      'the same page of the list to a program, p50 ms': percentile(asked, 0.5),
      'the same page of the list to a program, p95 ms': percentile(asked, 0.95),
    },
    ratios: { 'reload → list usable / the answer to a program, p50': percentile(opened, 0.5) / percentile(asked, 0.5) },
    goals: [
      goal('reload → list usable, p95 ms', 1000),
      goal('last letter of a search → its rows, p95 ms', 200),
      goal('rounds of drawing a second', 4),
    ],
  })
} finally {
  await browser.close()
  await asker.end()
  await world.end()
}
