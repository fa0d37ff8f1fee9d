// The list of instances as operators live in it: joined by the command on the page, filtered, selected, tagged, kept as views, removed.
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from 'vitest'
import { type Proc, root, runGroup, until } from '../kit/processes.ts'
import { openWorld, type World } from '../kit/world.ts'
import { copyCommand } from './enrol.ts'
import { openBrowser, openPage, shoot, shootAll, sizes } from './page.ts'
import { signIn } from './screen.ts'

let world: World
let browser: Browser
let page: Page
let faults: string[]
let shell: Proc | undefined

/** By its link: tags may say the same words. */
const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
const query = (name: string): string[] => new URL(page.url()).searchParams.getAll(name)
const choose = async (filter: string, choice: RegExp) => {
  await page.getByRole('button', { name: filter, exact: true }).click()
  await page.getByRole('menuitemcheckbox', { name: choice }).click()
  await page.keyboard.press('Escape')
}
const tagsOf = async (name: string): Promise<string[]> => {
  const { instances } = await (
    await world.api()
  ).ask('query ($search: String!) { instances(search: $search) { edges { node { tags { key value } } } } }', {
    search: name,
  })
  return instances.edges[0].node.tags.map(({ key, value }: { key: string; value: string }) => `${key}=${value}`)
}

/** A text as it is broken on screen. */
const linesOf = (text: Locator): Promise<string[]> =>
  text.evaluate((element) => {
    const lines = new Map<number, string>()
    const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      for (let at = 0; at < (node.nodeValue?.length ?? 0); at++) {
        const range = new Range()
        range.setStart(node, at)
        range.setEnd(node, at + 1)
        const { top } = range.getBoundingClientRect()
        lines.set(top, (lines.get(top) ?? '') + range.toString())
      }
    }
    return Array.from(lines.values(), (line) => line.trim())
  })

beforeAll(async () => {
  ;[world, browser] = await Promise.all([openWorld(), openBrowser()])
  ;({ page, faults } = await openPage(browser))
  await signIn(page, world)
})
beforeEach(() => onTestFailed(() => shoot(page, 'instances-failed')))
afterAll(async () => {
  await shell?.end()
  await browser?.close()
  await world?.end()
})

describe('the first instance', () => {
  it('joins by the very command that the page gives, and the page becomes the list', async () => {
    await page.getByRole('link', { name: 'Instances', exact: true }).click()
    // The fleet, which one comes from, has the same command and waits as well.
    await page.getByRole('heading', { name: 'Instances', exact: true }).waitFor()
    await page.getByText('Waiting for the agent').waitFor()
    await page.getByText(/^Only this machine can reach this console/).waitFor()
    const command = await copyCommand(page)
    await shootAll(page, 'first-run')
    await page.setViewportSize(sizes.narrow)
    expect(await linesOf(page.locator('pre'))).not.toContain('\\')
    await page.setViewportSize(sizes.wide)
    shell = runGroup('bash', ['-c', command], {
      cwd: root,
      env: { ...process.env, SINDRI_INSTANCE_ID: 'anvil', SINDRI_AGENT_STATE_DIR: world.agentState('anvil') },
    })
    await row('anvil').getByText('Running').waitFor({ timeout: 90_000 })
  })

  it('had its secret looked at, which the audit log says', async () => {
    const { audit } = await (await world.api()).ask('{ audit(first: 20) { edges { node { action } } } }')
    expect(JSON.stringify(audit)).toContain('enrolment.reveal.revealEnrolmentSecret')
  })
})

describe('the list', () => {
  it('is narrowed by what the fleet has, with counts, in the address', async () => {
    world.startAgent('forge-1', { SINDRI_PROVIDER: 'docker', SINDRI_REGION: 'ams', SINDRI_AGENT_TAGS: 'team=forge' })
    world.startAgent('forge-2', { SINDRI_PROVIDER: 'docker', SINDRI_REGION: 'fra', SINDRI_AGENT_TAGS: 'team=forge' })
    for (const name of ['forge-1', 'forge-2']) await world.running(name)
    await page.reload()
    await row('forge-2').getByText('Running').waitFor()
    await choose('Provider', /^Docker\s*2/)
    await page.getByText('2 of 3').waitFor()
    await choose('Region', /^ams\s*1/)
    await page.getByText('1 of 3').waitFor()
    expect([query('provider'), query('region')]).toEqual([['docker'], ['ams']])
    await page.reload()
    await row('forge-1').waitFor()
    expect(await row('forge-2').count()).toBe(0)
    await page.getByRole('button', { name: 'Clear the filter: Region' }).click()
    await row('forge-2').waitFor()
  })

  it('is searched as one types, however fast, without a letter lost', async () => {
    const field = page.getByRole('searchbox', { name: 'Filter by name, tag, host or IP' })
    const address = () => new URL(page.url()).searchParams.get('search')
    await field.pressSequentially('forge-1', { delay: 15 })
    await expect.poll(address).toBe('forge-1')
    expect(await field.inputValue()).toBe('forge-1')
    await expect.poll(() => page.getByRole('row').count()).toBe(2)
    for (let i = 0; i < 7; i++) await page.keyboard.press('Backspace')
    await expect.poll(address).toBe(null)
    expect(await field.inputValue()).toBe('')
  })

  it('is kept as a view, which is renamed, deleted and put back', async () => {
    await page.getByRole('button', { name: 'Save view' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Containers')
    await page.keyboard.press('Enter')
    const tab = page.getByRole('link', { name: 'Containers 2' })
    await tab.waitFor()
    await page.getByRole('link', { name: 'All 3' }).click()
    await row('anvil').waitFor()
    await tab.click()
    await expect.poll(() => query('provider')).toEqual(['docker'])
    await page.getByRole('button', { name: 'Actions on the view Containers' }).click()
    await page.getByRole('menuitem', { name: 'Rename…' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Docker')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: 'Docker 2' }).waitFor()
    await page.getByRole('button', { name: 'Actions on the view Docker' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('link', { name: 'Docker 2' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByRole('link', { name: 'Docker 2' }).waitFor()
    await page.getByRole('link', { name: 'All 3' }).click()
  })

  it('shows the columns and rows that were chosen, also after a reload', async () => {
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Tags' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Agent' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Row height' }).click()
    await page.getByRole('menuitemradio', { name: 'Compact' }).click()
    await page.reload()
    await page.getByRole('columnheader', { name: 'Tags' }).waitFor()
    expect(await page.getByRole('columnheader', { name: 'Agent' }).count()).toBe(0)
    expect((await row('anvil').boundingBox())?.height).toBeLessThan(33)
  })

  it('leave room for the names, however wide the page is', async () => {
    const name = page.getByRole('columnheader', { name: 'Name' })
    const choice = page.getByRole('menuitemcheckbox')
    const show = async (...columns: string[]) => {
      await page.getByRole('button', { name: 'Columns' }).click()
      for (const column of columns) await choice.filter({ hasText: column }).click()
      await page.keyboard.press('Escape')
      await choice.first().waitFor({ state: 'detached' })
    }
    const squeezes = async () => {
      for (const width of [1600, 1440, 1366, 1280, 1100, 1024, 800]) {
        await page.setViewportSize({ ...sizes.wide, width })
        await until(`${width} px to leave room`, async () => ((await name.boundingBox())?.width ?? 0) > 125, 5_000)
      }
      await page.setViewportSize(sizes.wide)
    }
    await show('Agent')
    await squeezes()
    await show('Tags')
    await squeezes()
    await show('Tags')
  })
})

describe('a selection', () => {
  it('is made by keys and taken whole', async () => {
    await page.keyboard.press('j')
    await page.keyboard.press('x')
    await page.getByText('1 of 3 selected').waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Shift+X')
    await page.getByText('2 of 3 selected').waitFor()
    await shootAll(page, 'instances-selected')
    await page.getByRole('button', { name: 'Select all 3' }).click()
    await page.getByText('3 of 3 selected').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('toolbar').waitFor({ state: 'detached' })
  })

  it('gets tags at once, and Undo gives each its own back', async () => {
    await page.getByRole('checkbox', { name: 'Select forge-1' }).check()
    await page.getByRole('checkbox', { name: 'Select anvil' }).check()
    await page.getByRole('button', { name: 'Edit tags…' }).click()
    await page.getByLabel('Set', { exact: true }).fill('team=anvil')
    await page.keyboard.press('Enter')
    const remove = page.getByLabel('Remove', { exact: true })
    await remove.fill('env')
    // Nothing takes the field from under who was quick to leave the first.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)))
    expect(await remove.evaluate((field) => field === document.activeElement)).toBe(true)
    await remove.press('Enter')
    await shootAll(page, 'instances-tags')
    await page.getByRole('button', { name: 'Change tags of 2 instances' }).click()
    await row('anvil').getByText('team=anvil').waitFor()
    expect(await tagsOf('forge-1')).toEqual(['team=anvil'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await row('forge-1').getByText('team=forge').waitFor()
    await until('the tags as before', async () => (await tagsOf('anvil')).length === 0)
  })

  it('of one row has its tags edited from the menu of the row', async () => {
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Actions on forge-2' }).click()
    await page.getByRole('menuitem', { name: 'Edit tags…' }).click()
    await page.getByRole('button', { name: 'Take out team=forge' }).click()
    await page.getByLabel('Tags', { exact: true }).fill('gpu')
    await page.getByRole('button', { name: 'Save tags' }).click()
    await row('forge-2').getByText('gpu').waitFor()
    expect(await tagsOf('forge-2')).toEqual(['gpu='])
  })

  it('is removed once its name or count was typed, after it was said what is cut off', async () => {
    await page.getByRole('button', { name: 'Actions on forge-2' }).click()
    await page.getByRole('menuitem', { name: 'Remove…' }).click()
    await page.getByText('One connected agent is cut off at once').waitFor()
    const act = page.getByRole('button', { name: 'Remove instance' })
    expect(await act.isDisabled()).toBe(true)
    await page.getByLabel('Type forge-2 to confirm').fill('forge-2')
    await shootAll(page, 'instances-remove')
    await act.click()
    await page.getByRole('link', { name: 'All 2' }).waitFor()
  })
})

it('who may only look is shown no boxes and no menus', async () => {
  const { createUser } = await (
    await world.api()
  ).ask('mutation { createUser(input: { email: "vera@example.com", name: "Vera", role: VIEWER }) { oneTimePassword } }')
  const { page: other } = await openPage(browser)
  await other.goto(world.url)
  await other.getByLabel('E-mail').fill('vera@example.com')
  await other.getByLabel('Password', { exact: true }).fill(createUser.oneTimePassword)
  await other.keyboard.press('Enter')
  await other.getByLabel('New password').fill('struck while hot')
  await other.keyboard.press('Enter')
  await other.getByRole('row', { name: /anvil/ }).waitFor()
  expect(await other.getByRole('checkbox').count()).toBe(0)
  expect(await other.getByRole('button', { name: /^Actions on/ }).count()).toBe(0)
  await other.context().close()
})

it('met no error and nothing that the policy refused', () => {
  expect(faults).toEqual([])
})
