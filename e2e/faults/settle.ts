// After the last fault everything comes to rest by itself, within a bound. Nothing is asserted here: the checker judges what is found.
import { until } from '../kit/processes.ts'
import { type History, type Records, rules } from './checker.ts'
import { query, recordsOf } from './history.ts'
import type { List } from './page.ts'
import type { Rig } from './rig.ts'
import type { Work } from './work.ts'

/** A clone may have kept the other one out for a minute, and whoever was away comes back with patience. */
const withinMs = 150_000

const settled = (what: string, look: () => Promise<boolean>): Promise<void> =>
  until(what, look, withinMs).then(
    () => {},
    () => {},
  )

/** Samples come once a second. */
const liveMs = 5_000

/** As many as a page reads at once; those before them it has seen live. */
const ROWS = `
  (select 'commands' as list, id, state::text as value from commands order by created_at desc limit 100)
  union all (select 'terminals', id, state::text from terminals order by opened_at desc limit 50)
  union all (select 'events', id, type from events order by at desc limit 100)`
const FLEET = '{ instances(first: 200) { edges { node { id name status } } } }'

export async function settle(
  rig: Rig,
  work: Work,
): Promise<Pick<History, 'records' | 'status'> & { memory: ReadonlyMap<string, number> }> {
  const pages = ['writer', 'reader'].map(work.page)
  const instances = async (): Promise<{ id: string; name: string; status: string }[]> => {
    const { instances: found } = await work.page('writer').ask(FLEET)
    return found.edges.map(({ node }: any) => node)
  }
  let status: History['status'] = []
  /** As it is answered, and as pages that follow live show it. */
  const look = async (expected: (name: string) => string[]): Promise<boolean> => {
    status = (await instances()).flatMap(({ id, name, status: answered }) => [
      { instance: name, expected: expected(name), shown: answered },
      ...pages.map((page) => ({
        instance: `${name} at ${page.name}`,
        expected: expected(name),
        shown: page.shows('instances', id),
      })),
    ])
    return rules['status comes to the truth']({ status }).length === 0
  }

  await settled('all instances to be RUNNING', () => look(() => ['RUNNING']))
  const living = status
  await work.finish()

  await settled('all commands to end, and the reader to know', async () => {
    const open = await query(rig, 'select from commands where finished_at is null')
    return open.length === 0 && work.commands.every(({ output }) => output === null || output.isDone())
  })
  let lists: History['status'] = []
  await settled('pages to show commands, terminals and events as they are', async () => {
    const rows = await query<{ list: List; id: string; value: string }>(rig, ROWS)
    lists = rows.flatMap(({ list, id, value }) =>
      pages.map((page) => ({ instance: `${id} at ${page.name}`, expected: [value], shown: page.shows(list, id) })),
    )
    return rules['status comes to the truth']({ status: lists }).length === 0
  })
  let samples: History['status'] = []
  await settled('pages to get live samples of all', async () => {
    samples = (await instances()).flatMap(({ id, name }) =>
      pages.map((page) => ({
        instance: `samples of ${name} at ${page.name}`,
        expected: ['live'],
        shown: page.sampleAgeMs(id) < liveMs ? 'live' : 'none',
      })),
    )
    return rules['status comes to the truth']({ status: samples }).length === 0
  })
  let records: Records[] = []
  await settled('all records to be stored', async () => {
    records = await recordsOf(rig, work)
    return rules['what was made is stored or counted as dropped']({ records }).length === 0
  })
  const memory = await rig.memory()

  await rig.swarm.end('SIGKILL')
  const isGone = (name: string): boolean => name.startsWith('swarm-')
  await settled('those who died to be shown as silent', () =>
    look((name) => (isGone(name) ? ['STALE', 'OFFLINE'] : ['RUNNING'])),
  )
  return { records, memory, status: [...living, ...lists, ...samples, ...status] }
}
