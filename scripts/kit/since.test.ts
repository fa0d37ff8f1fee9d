import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const kit = JSON.stringify(path.join(import.meta.dirname, 'since.mjs'))
const show = `import(${kit}).then(({ enteredAt }) => console.log(enteredAt(), performance.timeOrigin))`

/** A shell in the place of npm: it is there for `delay` seconds before it starts the program. */
async function runAfter(delay: number, env: Record<string, string>): Promise<{ entered: number; began: number }> {
  const { stdout } = await promisify(execFile)('sh', ['-c', `sleep ${delay}; "$0" -e '${show}'; :`, process.execPath], {
    env: { ...process.env, ...env },
  })
  const [entered = 0, began = 0] = stdout.split(' ').map(Number)
  return { entered, began }
}

test.runIf(process.platform === 'linux')('what npm took before the program counts', async () => {
  const { entered, began } = await runAfter(0.3, { npm_lifecycle_event: 'start' })
  expect(began - entered).toBeGreaterThanOrEqual(280)
  expect(began - entered).toBeLessThan(5_000)
})

test('without npm the program itself is where it begins', async () => {
  const { entered, began } = await runAfter(0.3, { npm_lifecycle_event: '' })
  expect(entered).toBe(began)
})
