// A second machine, as far as one can be two: a network with one wire to us, a host name, processes and a home of its own.
import { execFile } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Proc, runGroup, usualPath } from './processes.ts'

export interface Machine {
  /** Our end of the wire, and all that the machine can reach. */
  gateway: string
  /** Types a command line there. */
  type(command: string, cwd: string): Proc
  /** Pulls the plug. */
  end(): Promise<void>
}

const execute = promisify(execFile)
const ip = (...args: string[]) => execute('ip', args)

export async function openMachine(hostname: string): Promise<Machine> {
  // An interface's name has at most 15 characters.
  const id = `sindri-${randomBytes(3).toString('hex')}`
  // Of the range for measurements (RFC 2544), which no network uses.
  const network = `198.18.${randomInt(256)}`
  const home = mkdtempSync(path.join(tmpdir(), `${id}-`))
  const typed: Proc[] = []
  const end = async (): Promise<void> => {
    // Its first process takes all others with it, and minds no polite signal.
    await Promise.all(typed.map((proc) => proc.end('SIGKILL')))
    for (const part of [
      ['link', 'delete', id],
      ['netns', 'delete', id],
    ])
      // It may never have come to be.
      await ip(...part).catch(() => {})
    rmSync(home, { recursive: true, force: true })
  }
  try {
    await ip('netns', 'add', id)
    await ip('link', 'add', id, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', id)
    await ip('address', 'add', `${network}.1/30`, 'dev', id)
    await ip('link', 'set', id, 'up')
    await ip('-n', id, 'address', 'add', `${network}.2/30`, 'dev', 'eth0')
    await ip('-n', id, 'link', 'set', 'eth0', 'up')
    await ip('-n', id, 'link', 'set', 'lo', 'up')
  } catch (error) {
    await end()
    throw error
  }
  return {
    gateway: `${network}.1`,
    type(command, cwd) {
      const own = ['unshare', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc']
      const shell = ['bash', '-c', 'hostname "$0" && exec bash -c "$1"', hostname, command]
      const env = { PATH: usualPath, HOME: home, LANG: 'C.UTF-8' }
      const proc = runGroup('ip', ['netns', 'exec', id, ...own, ...shell], { cwd, env })
      typed.push(proc)
      return proc
    },
    end,
  }
}

/** Why there can be no second machine here; undefined where there can. */
export async function whyNoMachine(): Promise<string | undefined> {
  try {
    const machine = await openMachine('probe')
    const proc = machine.type('true', '/')
    const code = await proc.exited
    await machine.end()
    return code === 0 ? undefined : `expected a machine of its own, got: ${proc.output().trim()}`
  } catch (error) {
    return `expected root and Linux network namespaces, got: ${(error as Error).message.trim().replaceAll('\n', ' ')}`
  }
}
