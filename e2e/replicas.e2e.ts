// Two consoles behind a balancer are as good as one: pages and agents meet across them, and either may be killed.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Api } from './kit/client.ts'
import { type Proc, until } from './kit/processes.ts'
import { type ConsoleSet, openSet } from './kit/set.ts'
import { attachShell, openTerminal, type Shell } from './kit/terminal.ts'

let set: ConsoleSet
let agent: Proc
let instance: string
/** Of each console by itself. */
let pages: Api[]
beforeAll(async () => {
  set = await openSet(2)
  pages = [await set.signIn(set.urls[0] as string), await set.signIn(set.urls[1] as string)]
  agent = set.startAgent('forge', { SINDRI_AGENT_METRICS: '1', SINDRI_AGENT_HEARTBEAT: '1' })
  instance = await until('the agent to be in', async () => {
    const { instances } = await page(0).ask('{ instances { edges { node { id status } } } }')
    return instances.edges.find((edge: any) => edge.node.status === 'RUNNING')?.node.id
  })
})
afterAll(() => set.end())

const page = (index: number): Api => pages[index] as Api
const RUN = 'mutation ($input: RunCommandInput!) { runCommand(input: $input) { id } }'
const runOn = async (api: Api, command: string): Promise<string> => {
  const { runCommand } = await api.ask(RUN, { input: { instanceId: instance, command } })
  return runCommand.id
}
const ended = (api: Api, id: string): Promise<Record<string, any>> =>
  until('the command to end', async () => {
    const { command } = await api.ask('query ($id: ID!) { command(id: $id) { state exitCode finishedAt } }', { id })
    return command.finishedAt && command
  })
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean)

/** A console that was killed is started again, and a page signs in at it anew. */
const restart = async (index: number, signal: NodeJS.Signals): Promise<void> => {
  await set.stop(index, signal)
  await set.start(index)
  pages[index] = await set.signIn(set.urls[index] as string)
}

/** A program in a shell that counts on screen and in a file of its own. */
const openCounter = async (api: Api): Promise<{ shell: Shell; file: string }> => {
  const file = path.join(set.folder, `count-${Math.random().toString(36).slice(2)}`)
  const shell = attachShell(api, await openTerminal(api, instance))
  shell.type(`stty -echo -onlcr; PS1=; i=0; while sleep 0.02; do i=$((i+1)); echo line-$i | tee -a ${file}; done\r`)
  await shell.sees('line-5\n')
  return { shell, file }
}
/** What a page saw is what the program wrote, from its first line on. */
const expectExact = async (shown: string, file: string): Promise<void> => {
  const seen = shown.slice(shown.indexOf('line-1\n'))
  const written = readFileSync(file, 'utf8')
  expect(written.startsWith(seen.slice(0, written.length))).toBe(true)
  expect(seen.length).toBeGreaterThan(100)
}

describe('across two consoles', () => {
  it.each([0, 1])('a page of console %i has terminals, commands and live figures', async (index) => {
    const api = page(index)
    const shell = attachShell(api, await openTerminal(api, instance))
    shell.type('echo two-$((1+1))\r')
    await shell.sees('two-2\r\n')
    shell.detach()
    expect(await ended(api, await runOn(api, 'exit 3'))).toMatchObject({ state: 'FAILED', exitCode: 3 })
    let samples = 0
    const live = api.watch(
      'subscription ($ids: [ID!]!) { metricSampled(instanceIds: $ids) { instanceId } }',
      { ids: [instance] },
      () => (samples += 1),
    )
    await until('live figures', () => samples >= 2)
    live.stop()
  })

  it('a session that is ended on one loses its terminals, which pages of the other see end', async () => {
    const other = await set.signIn(set.url)
    const id = await openTerminal(other, instance)
    const { sessions } = await other.ask('{ sessions { id current } }')
    const own = sessions.find(({ current }: any) => current)
    await page(0).ask('mutation ($id: ID!) { revokeSession(id: $id) }', { id: own.id })
    await until('the terminal to end', async () => {
      const { terminal } = await page(1).ask('query ($id: ID!) { terminal(id: $id) { state reason } }', { id })
      return terminal.state === 'CLOSED' && terminal.reason === 'REVOKED'
    })
    const { audit } = await page(1).ask(
      'query ($id: String!) { audit(filter: { search: $id }) { edges { node { action } } } }',
      { id },
    )
    expect(audit.edges.map((edge: any) => edge.node.action).toSorted()).toEqual(['terminal.close', 'terminal.open'])
  })
})

describe('either may be killed', () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'by %s, one after the other: terminals go on to the byte, and a command runs once',
    async (signal) => {
      const marks = path.join(set.folder, `marks-${signal}`)
      const id = await runOn(page(0), `echo begun >> ${marks}; sleep 6; echo done >> ${marks}`)
      await until('it to begin', () => linesOf(marks).length > 0)
      const { shell, file } = await openCounter(page(1))
      // The agent may be linked at either; the page's own stays first, then goes.
      await restart(0, signal)
      const before = shell.next()
      await until('the output to go on at the page', () => shell.next() > before + 200, 30_000)
      await restart(1, signal)
      // As a page does: it comes back through whichever console is there, with the bytes that it has.
      const back = attachShell(page(0), shell.id, { from: shell.next() })
      await until('the output to go on at the other', () => back.next() > shell.next() + 200, 30_000)
      expect([...shell.lost(), ...back.lost()]).toEqual([])
      await expectExact(
        shell
          .bytes()
          .subarray(0, back.start() - shell.start())
          .toString() + back.text(),
        file,
      )
      expect(await ended(page(1), id)).toMatchObject({ state: 'SUCCEEDED', exitCode: 0 })
      expect(linesOf(marks)).toEqual(['begun', 'done'])
      await page(0).ask('mutation ($id: ID!) { endTerminal(id: $id) { id } }', { id: shell.id })
    },
  )

  it('and nobody was marked as lost for it, nor anything told twice', async () => {
    const { events } = await page(0).ask('{ events(first: 200) { edges { node { type at } } } }')
    const types = events.edges.map((edge: any) => edge.node.type)
    expect(types.filter((type: string) => type.startsWith('HEARTBEAT'))).toEqual([])
    const moments = events.edges.map((edge: any) => `${edge.node.type} ${edge.node.at}`)
    expect(new Set(moments).size).toBe(moments.length)
    expect(agent.child.exitCode).toBeNull()
  })
})
