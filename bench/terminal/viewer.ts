// A page without a screen, in a process of its own: takes what its terminals show, acknowledges it, and forgets it.
import { type Api, openApi } from '@sindri/e2e/kit/client'
import { attachShell, openTerminal, type Shell } from '@sindri/e2e/kit/terminal'
import { elapsedMs } from '../kit/report.ts'
import { serveRole } from '../kit/role.ts'
import { measureEcho } from './echo.ts'
import { READY } from './script.ts'

let api: Api
const shells: Shell[] = []
let waiting: Shell

/** A terminal that runs the script, which waits for its key. */
async function open(instanceId: string, script: string): Promise<Shell> {
  const shell = attachShell(api, await openTerminal(api, instanceId), { keep: false })
  shells.push(shell)
  let tail = ''
  const ready = new Promise<void>((resolve) =>
    shell.onBytes((data) => {
      tail = (tail + data.toString('latin1')).slice(-2 * READY.length)
      if (tail.endsWith(READY)) resolve()
    }),
  )
  shell.type(`exec /bin/sh ${script}\r`)
  await ready
  return shell
}

serveRole({
  signIn({ url, cookie }: { url: string; cookie: string }) {
    api = openApi(url, { cookie })
  },
  /** A terminal of the script, which waits: `read` begins it. */
  async ready({ instanceId, script }: { instanceId: string; script: string }) {
    waiting = await open(instanceId, script)
  },
  /** Milliseconds from the key to the last of so many bytes. */
  async read({ bytes }: { bytes: number }) {
    const shell = waiting
    const last = shell.next() + bytes
    const began = performance.now()
    const seen = new Promise<number>((resolve) =>
      shell.onBytes((data, offset) => {
        if (offset + data.length >= last) resolve(elapsedMs(began))
      }),
    )
    shell.type('\r')
    const ms = await seen
    if (shell.lost().length > 0) throw new Error(`expected every byte, got ${JSON.stringify(shell.lost())} lost`)
    return ms
  },
  /** Of each key, milliseconds until its echo was here. */
  async echo({
    instanceId,
    script,
    warm,
    everyMs,
  }: {
    instanceId: string
    script: string
    warm?: number
    everyMs?: number
  }) {
    const shell = await open(instanceId, script)
    const begun = new Promise<void>((resolve) => shell.onBytes(() => resolve()))
    shell.type('\r')
    await begun
    return measureEcho(
      (key) => shell.type(key),
      (heard) => shell.onBytes(heard),
      warm,
      everyMs,
    )
  },
  /** Terminals whose output never ends, taken as fast as it comes. */
  async flood({ instanceId, script, count }: { instanceId: string; script: string; count: number }) {
    for (let i = 0; i < count; i++) (await open(instanceId, script)).type('\r')
  },
  /** Begins the script and reads nothing more from its socket. */
  async stall({ instanceId, script }: { instanceId: string; script: string }) {
    const shell = await open(instanceId, script)
    const begun = new Promise<void>((resolve) => shell.onBytes(() => resolve()))
    shell.type('\r')
    await begun
    api.stopReading()
  },
  async end() {
    for (const { id } of shells.splice(0)) await api.ask('mutation ($id: ID!) { endTerminal(id: $id) { id } }', { id })
  },
  close: () => api.close(),
})
