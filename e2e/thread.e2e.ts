// The thread of the product: a machine enrols, its samples arrive, and a shell on it is typed into.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attachShell, openTerminal } from './kit/terminal.ts'
import { until } from './kit/processes.ts'
import { openWorld, type World } from './kit/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.end())

describe('an agent and its console', () => {
  it('come together: the machine is RUNNING with its facts, and its first sample is stored', async () => {
    world.startAgent('forge', { SINDRI_AGENT_METRICS: '1', SINDRI_AGENT_TAGS: 'team=forge', SINDRI_REGION: 'here' })
    const { id } = await world.running('forge')
    const api = await world.api()
    const facts = await api.ask(
      `query ($id: ID!) { instance(id: $id) { name status provider region os arch agentVersion tags { key value } liveness } }`,
      { id },
    )
    expect(facts.instance).toMatchObject({
      name: 'forge',
      provider: 'local',
      region: 'here',
      os: process.platform,
      arch: process.arch,
      tags: [{ key: 'team', value: 'forge' }],
      liveness: 'ONLINE',
    })
    const sample = await until('a stored sample', async () => {
      const { instance } = await api.ask(
        'query ($id: ID!) { instance(id: $id) { latest { at cpu { usagePercent coreCount } memory { total used } disks { mountPoint } network { name } topProcesses { name } } } }',
        { id },
      )
      return instance.latest
    })
    expect(sample.cpu.coreCount).toBeGreaterThan(0)
    expect(sample.memory.total).toBeGreaterThan(sample.memory.used)
    expect(sample.topProcesses.length).toBeGreaterThan(0)
  })

  it('bring samples to whoever looks, faster than they are stored', async () => {
    const { id } = await world.running('forge')
    const api = await world.api()
    const seen: { stored: boolean }[] = []
    const watching = api.watch(
      'subscription ($ids: [ID!]!) { metricSampled(instanceIds: $ids) { stored sample { at cpu { usagePercent } } } }',
      { ids: [id] },
      ({ metricSampled }) => seen.push(metricSampled),
    )
    await until('a live sample', () => seen.some(({ stored }) => !stored))
    watching.stop()
  })

  it('answer with a series whose points are the samples', async () => {
    const { id } = await world.running('forge')
    const api = await world.api()
    const series = await until('points', async () => {
      const { metrics } = await api.ask(
        `query ($id: ID!, $from: DateTime!, $to: DateTime!) { metrics(instanceId: $id, from: $from, to: $to) { stepSeconds edges { node { at count cpuPercent { avg min max } memoryUsed { avg } } } } }`,
        { id, from: new Date(Date.now() - 900_000).toISOString(), to: new Date(Date.now() + 1000).toISOString() },
      )
      return metrics.edges.length > 0 && metrics
    })
    expect(series.edges[0].node.cpuPercent.max).toBeGreaterThanOrEqual(series.edges[0].node.cpuPercent.min)
  })

  it('open a shell that does what is typed, and end with its exit code', async () => {
    const { id } = await world.running('forge')
    const api = await world.api()
    const shell = attachShell(
      api,
      await openTerminal(api, id, { cwd: '/tmp', env: [{ name: 'GREETING', value: 'hei' }] }),
    )
    shell.type('echo "$GREETING-$((6*7))" in $PWD; tty; stty size\r')
    await shell.sees('hei-42 in /tmp')
    await shell.sees('/dev/pts/')
    await shell.sees('24 80')
    shell.type('env | grep -c SINDRI_; exit 3\r')
    await until('the end', () => shell.closed())
    expect(shell.closed()).toMatchObject({ exitCode: 3, reason: 'EXITED', finalOffset: shell.bytes().length })
    // The agent's own variables do not reach the shell.
    expect(shell.text()).toMatch(/[\r\n]0\r\n/)
  })

  it('bring output to the byte, however large, over a page that goes and comes back', async () => {
    const { id } = await world.running('forge')
    const api = await world.api()
    const shell = attachShell(api, await openTerminal(api, id))
    shell.type('PS1=; echo ready-$((1+1))\r')
    await shell.sees(/ready-2\r\n/)
    const from = shell.bytes().length
    shell.type('seq 1 200000; echo done-$((1+1))\r')
    await until('some output', () => shell.bytes().length > from + 50_000)
    shell.detach()
    shell.attach()
    await shell.sees(/done-2\r\n/, 30_000)
    const expected = Array.from({ length: 200_000 }, (_, i) => `${i + 1}\r\n`).join('')
    const got = shell.bytes().subarray(from).toString()
    expect(shell.lost()).toEqual([])
    const numbers = got.slice(got.indexOf('1\r\n2\r\n'), got.lastIndexOf('done-2\r\n'))
    // Not as a difference of a million characters.
    expect([numbers.length, numbers === expected]).toEqual([expected.length, true])
    shell.type('exit\r')
  })

  it('say at once that a machine without agent cannot be typed into', async () => {
    const agent = world.startAgent('brief')
    const { id } = await world.running('brief')
    expect(await agent.end()).toBe(0)
    const api = await world.api()
    await until('the link to be gone', async () => {
      const { errors } = await api.send(
        'mutation ($input: OpenTerminalInput!) { openTerminal(input: $input) { id } }',
        {
          input: { instanceId: id, cols: 80, rows: 24 },
        },
      )
      return errors[0]?.extensions?.code === 'AGENT_OFFLINE'
    })
  })
})
