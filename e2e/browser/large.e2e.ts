// The screens on which size matters, with a large fleet of simulated agents: as whole as with a small one, and a picture of each.
// `npm run screenshots -- --agents 2000` keeps the pictures in e2e/out.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { look } from './look.ts'
import { openBrowser, openPage, sizes } from './page.ts'
import { signIn } from './screen.ts'

const AGENTS = Number(process.env.SINDRI_AGENTS ?? 2000)
/** Of them, those that fall silent, as some of a large fleet always have. */
const LOST = Math.ceil(AGENTS / 100)
/** With shells: these machines are real. */
const MACHINES = ['forge-api-01', 'anvil-build-02', 'bellows-ml-03']
const SHELLS = 14
const ENDED = 4
const OPEN = 'mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id } }'
const END = 'mutation ($id: ID!) { endTerminal(id: $id) { id } }'
const COUNT = 'query ($status: InstanceStatus!) { instances(filter: { status: [$status] }) { totalCount } }'
const minute = 60_000
/** Until each agent has sent samples of a few intervals. */
const WARM_UP_MS = 1.5 * minute

let world: World
let browser: Browser
let page: Page

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld({ SINDRI_ENROL_RATE: '100000' }), openBrowser()])
  ;({ page } = await openPage(browser))
  const api = await world.api()
  const count = async (status: string): Promise<number> => (await api.ask(COUNT, { status })).instances.totalCount
  // Before the swarm comes, while the console has time.
  for (const name of MACHINES) {
    world.startAgent(name, { SINDRI_PROVIDER: 'docker', SINDRI_REGION: 'fra' })
    const input = { instanceId: (await world.running(name)).id, cols: 120, rows: 32 }
    for (let i = 0; i < SHELLS; i++) {
      const { openTerminal } = await api.ask(OPEN, { input })
      if (i < ENDED) await api.ask(END, openTerminal)
    }
  }
  const lost = world.startSwarm(LOST, '--prefix', 'tongs')
  world.startSwarm(AGENTS - LOST)
  const all = AGENTS + MACHINES.length
  await until(`${all} instances to run`, async () => (await count('RUNNING')) === all, 10 * minute)
  await lost.end()
  await until('the lost to be OFFLINE', async () => (await count('OFFLINE')) === LOST, 3 * minute)
  await signIn(page, world)
  await page.waitForTimeout(WARM_UP_MS)
}, 20 * minute)
afterAll(async () => {
  await browser?.close()
  await world?.end()
}, 2 * minute)

/** Whose event is the newest. */
const latest = async (): Promise<string> =>
  (await (await world.api()).ask('{ events(first: 1) { edges { node { instanceName } } } }')).events.edges[0].node
    .instanceName
const link = (name: RegExp) => page.getByRole('link', { name }).first().waitFor()

it.each<[name: string, at: string, shows: () => Promise<unknown>]>([
  [
    'fleet',
    '/',
    () =>
      page
        .getByRole('group', { name: /instances by CPU$/ })
        .first()
        .waitFor(),
  ],
  ['fleet-provider', '/?provider=Docker', () => page.getByRole('group', { name: /^Docker, \d+/ }).waitFor()],
  ['instances', '/instances', () => link(/^anvil-build-02$/)],
  ['instances-busiest', '/instances?sort=cpu.desc', () => link(/^swarm-\d+$/)],
  ['instances-searched', '/instances?search=swarm-01', () => link(/^swarm-01\d\d$/)],
  ['instances-filtered', '/instances?status=OFFLINE&status=STALE&provider=fly', () => link(/^tongs-\d+$/)],
  [
    'events',
    '/events',
    async () =>
      page
        .getByText(await latest(), { exact: true })
        .first()
        .waitFor(),
  ],
  ['audit', '/audit', () => page.getByText('Session of Administrator').first().waitFor()],
  ['terminals', '/terminals?show=list', () => page.getByRole('heading', { name: 'Open' }).waitFor()],
  [
    'palette',
    '/instances',
    async () => {
      await link(/^anvil-build-02$/)
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Search or run' }).fill('swarm-01')
      await page
        .getByRole('option', { name: /swarm-01/ })
        .first()
        .waitFor()
    },
  ],
])('the screen %s is whole with a large fleet', async (name, at, shows) => {
  await page.setViewportSize(sizes.wide)
  await page.goto(world.url + at)
  await shows()
  expect(await look(page, `large-${name}`)).toEqual([])
})
