// Builds the environment of a shell or command: the user's, without what belongs to the agent and to whatever started it.
import { agentVariables } from '../help.ts'
import { SpawnFailure } from './spawnFailure.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface ShellEnvOptions {
  /** The agent's own environment. */
  base: Env
  extra?: readonly { name: string; value: string }[]
  shell: string
  /** Its output goes to no screen. */
  isScreenless?: boolean
  user: { name: string | null; home: string }
}

const agentSettings = new Set(agentVariables)

/**
 * The agent's secrets and settings. This keeps them out of a listing, not from a user who looks: a shell of the same
 * user can read what the agent can.
 */
const belongsToAgent = (name: string): boolean => agentSettings.has(name) || name.startsWith('SINDRI_AGENT_')

/** Left by the terminal, multiplexer or package script that the agent was started from; untrue inside a new terminal. */
const launcher = new Set([
  'TMUX',
  'TMUX_PANE',
  'STY',
  'WINDOW',
  'WINDOWID',
  'TERMCAP',
  'COLUMNS',
  'LINES',
  'OLDPWD',
  'INIT_CWD',
  '_',
])
const belongsToLauncher = (name: string): boolean =>
  launcher.has(name) || name.startsWith('npm_') || name.startsWith('TERM_PROGRAM')

const isName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

export function buildShellEnv({
  base,
  extra = [],
  shell,
  isScreenless = false,
  user,
}: ShellEnvOptions): Record<string, string> {
  const inherited = Object.entries(base).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !belongsToAgent(entry[0]) && !belongsToLauncher(entry[0]),
  )
  const named = user.name ? { USER: user.name, LOGNAME: user.name } : {}
  const env: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: user.home,
    ...named,
    ...Object.fromEntries(inherited),
    SHELL: shell,
    ...(isScreenless ? { TERM: 'dumb' } : { TERM: 'xterm-256color', COLORTERM: 'truecolor' }),
  }
  if (isScreenless) delete env.COLORTERM
  for (const { name, value } of extra) {
    if (!isName(name))
      throw new SpawnFailure(`environment: expected a name of letters, digits and _, got ${JSON.stringify(name)}`)
    if (value.includes('\0')) throw new SpawnFailure(`environment: expected ${name} without a NUL byte`)
    env[name] = value
  }
  return env
}
