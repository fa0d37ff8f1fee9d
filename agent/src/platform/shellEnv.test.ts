import { describe, expect, test } from 'vitest'
import { buildShellEnv } from './shellEnv.ts'

const user = { name: 'ada', home: '/home/ada' }
const build = (base: Record<string, string>, extra: { name: string; value: string }[] = []) =>
  buildShellEnv({ base, extra, shell: '/bin/bash', user })

describe('the environment of a shell', () => {
  test('has nothing of the agent', () => {
    const env = build({
      SINDRI_CONSOLE_API_KEY: 'secret',
      SINDRI_CONSOLE_API_KEY_FILE: '/run/secret',
      SINDRI_CONSOLE_URL: 'https://console',
      SINDRI_AGENT_STATE_DIR: '/var/lib',
      SINDRI_AGENT_SHELL: '/bin/zsh',
      SINDRI_INSTANCE_ID: 'box',
      EDITOR: 'vim',
    })
    expect(Object.keys(env).filter((name) => name.startsWith('SINDRI_'))).toEqual([])
    expect(Object.values(env)).not.toContain('secret')
    expect(env.EDITOR).toBe('vim')
  })

  test('has nothing of what started the agent', () => {
    const env = build({ TMUX: '/tmp/x', COLUMNS: '10', npm_config_prefix: '/x', TERM_PROGRAM: 'vscode' })
    expect(env).not.toHaveProperty('TMUX')
    expect(env).not.toHaveProperty('COLUMNS')
    expect(env).not.toHaveProperty('npm_config_prefix')
    expect(env).not.toHaveProperty('TERM_PROGRAM')
  })

  test('says what the terminal can show', () => {
    expect(build({ TERM: 'dumb' })).toMatchObject({
      TERM: 'xterm-256color',
      COLORTERM: 'truecolor',
      SHELL: '/bin/bash',
    })
  })

  test('promises no colours where there is no screen', () => {
    const base = { TERM: 'xterm-256color', COLORTERM: 'truecolor' }
    const env = buildShellEnv({ base, shell: '/bin/bash', user, isScreenless: true })
    expect([env.TERM, env.COLORTERM]).toEqual(['dumb', undefined])
  })

  test('keeps the language, and has UTF-8 where none is set', () => {
    expect(build({ LANG: 'de_DE.UTF-8' }).LANG).toBe('de_DE.UTF-8')
    expect(build({}).LANG).toBe('C.UTF-8')
  })

  test('is usable where the agent has nothing', () => {
    expect(build({})).toMatchObject({ HOME: '/home/ada', USER: 'ada', LOGNAME: 'ada' })
    expect(build({}).PATH).toContain('/usr/bin')
  })

  test('takes what the opener adds, last', () => {
    expect(build({ EDITOR: 'vim' }, [{ name: 'EDITOR', value: 'nano' }]).EDITOR).toBe('nano')
  })

  test('refuses names and values that no process can have', () => {
    expect(() => build({}, [{ name: 'A=B', value: '' }])).toThrow('got "A=B"')
    expect(() => build({}, [{ name: 'A', value: 'x\0y' }])).toThrow('without a NUL byte')
  })
})
