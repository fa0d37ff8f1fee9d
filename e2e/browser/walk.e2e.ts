// The walk of somebody new, from a clone of what is committed to a shell on a second machine: no step but those that the README and the
// pages name. `npm run e2e -- walk`, as root on Linux.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest'
import { type Machine, openMachine, whyNoMachine } from '../kit/machine.ts'
import { type Proc, root, runGroup, until, usualPath } from '../kit/processes.ts'
import { copyCommand } from './enrol.ts'
import { openBrowser, openPage, shoot } from './page.ts'
import { screenOf } from './screen.ts'

const SECOND = 'anvil'
const minute = 60_000

const lacking = await whyNoMachine()
if (lacking) process.stdout.write(`The walk is skipped, since it needs a second machine: ${lacking}\n`)

const freePort = async (host: string): Promise<number> => {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

describe.skipIf(lacking)('somebody new', () => {
  const processes: Proc[] = []
  let folder: string
  let machine: Machine
  let browser: Browser
  let page: Page
  let faults: string[]
  let url: string
  let oneTimePassword: string
  let command: string
  let failed = false

  const clone = (name: string): string => {
    execFileSync('git', ['clone', '--quiet', root, path.join(folder, name)])
    return path.join(folder, name)
  }
  const typeHere = (line: string, cwd: string, env: Record<string, string> = {}): Proc => {
    const proc = runGroup('bash', ['-c', line], {
      cwd,
      env: { PATH: usualPath, HOME: process.env.HOME, LANG: 'C.UTF-8', ...env },
    })
    processes.push(proc)
    return proc
  }

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'sindri-walk-'))
    ;[machine, browser] = await Promise.all([openMachine(SECOND), openBrowser()])
    ;({ page, faults } = await openPage(browser))
  })
  // Each step begins where the one before ended.
  beforeEach(({ skip }) => {
    skip(failed, 'a step before failed')
    onTestFailed(async () => {
      failed = true
      await shoot(page, 'walk-failed')
      for (const proc of processes) process.stdout.write(`${proc.output()}\n`)
    })
  })
  afterAll(async () => {
    await browser?.close()
    await machine?.end()
    await Promise.all(processes.map((proc) => proc.end('SIGINT')))
    rmSync(folder, { recursive: true, force: true })
  }, minute)

  it(
    'starts the console from a clone, for the machine next to it to reach',
    async () => {
      const port = await freePort(machine.gateway)
      url = `http://${machine.gateway}:${port}`
      const env = { HOST: machine.gateway, PORT: String(port), SINDRI_PUBLIC_URL: url }
      const started = typeHere('npm start', clone('console'), env)
      const ready = until('the console to be ready', () => started.output().includes('Ready in'), 15 * minute)
      await Promise.race([ready, started.exited.then(() => Promise.reject(new Error('npm start ended')))])
      oneTimePassword = /^ {2}password +(\S+)/m.exec(started.output())?.[1] ?? ''
      expect(started.output()).toContain(url)
    },
    16 * minute,
  )

  it('signs in with the password that was printed, and chooses another', async () => {
    await page.goto(url)
    await page.getByLabel('E-mail').fill('admin@sindri.local')
    await page.getByLabel('Password', { exact: true }).fill(oneTimePassword)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('New password').fill('struck while hot')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('of 1 instance running').waitFor()
  })

  it('copies the command that adds an instance, which is the one in sight', async () => {
    await page.getByRole('link', { name: 'Instances', exact: true }).click()
    await page.getByRole('link', { name: 'Add instance' }).click()
    await page.getByText('Waiting for the agent').waitFor()
    await page.getByRole('button', { name: 'Show the secret' }).click()
    command = await copyCommand(page)
    await until('the secret in sight', async () => (await page.locator('pre').innerText()) === `$ ${command}`)
    expect(command).toContain(`SINDRI_CONSOLE_URL=${url} `)
  })

  it(
    'types it into a clone on the second machine, and the page sees that machine arrive and run',
    async () => {
      const there = clone('second')
      // The wire leads to the console alone, so what npm brings comes before it is all that the machine has.
      expect(await typeHere('npm run agent -- --help', there).exited).toBe(0)
      processes.push(machine.type(command, there))
      const line = page.getByRole('listitem').filter({ hasText: SECOND })
      await line.getByText('Running').waitFor({ timeout: 5 * minute })
      await shoot(page, 'walk-arrived')
    },
    16 * minute,
  )

  it('works in a shell of the second machine', async () => {
    await page.getByRole('link', { name: `Show ${SECOND}` }).click()
    await page.getByRole('button', { name: 'Open terminal' }).click()
    const screen = screenOf(page)
    await screen.live()
    await screen.prompted()
    await screen.type('clear; hostname\r')
    await screen.sees(new RegExp(`^${SECOND}$`, 'm'))
    await shoot(page, 'walk-shell')
  })

  it('met no error and nothing that the policy refused', () => {
    expect(faults).toEqual([])
  })
})
