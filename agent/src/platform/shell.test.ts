import { describe, expect, test } from 'vitest'
import { chooseShell, shellUser } from './shell.ts'

const having = (...files: string[]) => ({
  env: { PATH: '/opt/bin:/usr/bin' },
  canExecute: (file: string) => files.includes(file),
})

describe('the shell of a terminal', () => {
  test('is the one asked for, then the configured one, then the login shell', () => {
    const all = having('/bin/zsh', '/bin/bash')
    expect(chooseShell({ ...all, wanted: '/bin/a', configured: '/bin/b', loginShell: '/bin/zsh' }).file).toBe('/bin/a')
    expect(chooseShell({ ...all, configured: '/bin/b', loginShell: '/bin/zsh' }).file).toBe('/bin/b')
    expect(chooseShell({ ...all, loginShell: '/bin/zsh' }).file).toBe('/bin/zsh')
  })

  test('is the first default that can be executed', () => {
    const sources = { ...having('/bin/sh'), loginShell: '/gone/zsh', env: { SHELL: '/gone/fish' } }
    expect(chooseShell(sources)).toEqual({ file: '/bin/sh', args: ['-l'] })
  })

  test('is looked up on the path when named without a folder', () => {
    expect(chooseShell({ ...having('/usr/bin/fish'), wanted: 'fish' }).file).toBe('/usr/bin/fish')
  })

  test('is not replaced by another one when the one asked for is missing', () => {
    expect(chooseShell({ ...having('/bin/bash'), wanted: 'nosuch' }).file).toBe('nosuch')
  })

  test('is called as a login shell only where it knows what that is', () => {
    expect(chooseShell({ ...having(), wanted: '/usr/bin/zsh' }).args).toEqual(['-l'])
    expect(chooseShell({ ...having(), wanted: '/usr/bin/python3' }).args).toEqual([])
  })

  test('belongs to the user the agent runs as', () => {
    expect(shellUser({ HOME: '/somewhere' })).toMatchObject({ home: '/somewhere' })
  })
})
