// An agent as a real process, its state and its home in a folder of the test.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { agentArgv, agentEntry } from '../../scripts/kit/entry.ts'
import { type Proc, root, run } from './processes.ts'

export const agentState = (folder: string, name: string): string => path.join(folder, `agent-${name}`)

export function runAgent(
  name: string,
  { url, secretFile, folder }: { url: string; secretFile: string; folder: string },
  env: Record<string, string> = {},
): Proc {
  // Shells read nothing there that the machine's user once wrote, and leave nothing behind.
  const home = path.join(folder, 'home')
  mkdirSync(home, { recursive: true })
  const variables = {
    SINDRI_CONSOLE_URL: url,
    SINDRI_CONSOLE_API_KEY_FILE: secretFile,
    SINDRI_INSTANCE_ID: name,
    SINDRI_AGENT_STATE_DIR: agentState(folder, name),
    SINDRI_PROVIDER: 'local',
    SINDRI_AGENT_SHELL: '/bin/bash',
    HOME: home,
    ...env,
  }
  return run(agentEntry, variables, undefined, [], agentArgv)
}

/** Simulated ones, all in one process. */
export const runSwarm = (
  size: number,
  { url, secretFile }: { url: string; secretFile: string },
  more: readonly string[],
): Proc => {
  const args = ['--url', url, '--secret-file', secretFile, '--agents', String(size), ...more]
  return run(path.join(root, 'bench/swarm/main.ts'), {}, undefined, args)
}
