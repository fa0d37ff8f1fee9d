// Chooses the shell of a terminal, the folder it starts in and how it is called.
import { userInfo } from 'node:os'
import { basename, isAbsolute } from 'node:path'
import { canExecute, findProgram } from './executable.ts'

export interface ShellChoice {
  file: string
  args: string[]
}

export interface ShellSources {
  /** Asked for by whoever opens the terminal. */
  wanted?: string | null | undefined
  /** SINDRI_AGENT_SHELL. */
  configured?: string | null | undefined
  /** The login shell in the user database. */
  loginShell?: string | null | undefined
  env: Readonly<Record<string, string | undefined>>
  /** Another one in tests. */
  canExecute?: (file: string) => boolean
}

/** Shells that read the user's profile when called with `-l`; others are called bare. */
const takeLogin = new Set(['bash', 'zsh', 'fish', 'ksh', 'mksh', 'sh', 'dash', 'ash'])

function resolve(name: string, { env, canExecute: isProgram }: ShellSources): string {
  return isAbsolute(name) || name.includes('/') ? name : (findProgram(name, env.PATH, isProgram) ?? name)
}

/**
 * What somebody named is taken as it is, so that a mistake in it is reported and not hidden by another shell. Only
 * among the defaults the first that can be executed wins.
 */
export function chooseShell(sources: ShellSources): ShellChoice {
  const named = sources.wanted || sources.configured
  const defaults = [sources.loginShell, sources.env.SHELL, '/bin/bash', '/bin/sh'].filter((file) => file != null)
  const file = named ? resolve(named, sources) : (defaults.find(sources.canExecute ?? canExecute) ?? '/bin/sh')
  return { file, args: takeLogin.has(basename(file)) ? ['-l'] : [] }
}

export interface ShellUser {
  name: string | null
  home: string
  loginShell: string | null
}

/** The user the agent runs as. A container may run as a number without an entry in the user database. */
export function shellUser(env: Readonly<Record<string, string | undefined>>): ShellUser {
  try {
    const { username, homedir, shell } = userInfo()
    return { name: username, home: env.HOME || homedir, loginShell: shell }
  } catch {
    return { name: env.USER ?? null, home: env.HOME || '/', loginShell: null }
  }
}
