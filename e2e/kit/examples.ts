// The examples of a document: each named by a comment in front of its block, run as its reader would run it.
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface Example {
  name: string
  language: string
  code: string
}

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** Throws for a program without a name: then nobody would run it. */
export function examplesIn(markdown: string): Example[] {
  const blocks = markdown.matchAll(/(?:<!-- example: (\w+) -->\n)?^```(\w+)\n([\s\S]*?)^```$/gm)
  return [...blocks].map(([, name, language = '', code = '']) => {
    if (!name) throw new Error(`expected a name in front of each example, got none for:\n${code}`)
    return { name, language, code }
  })
}

/** Where packages of e2e are found. */
const folder = path.resolve(import.meta.dirname, '../out/examples')

/** Runs it to its end, or until it has written what `until` looks for. */
export async function runExample(
  { name, language, code }: Example,
  env: Record<string, string>,
  until?: RegExp,
): Promise<Ran> {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${name}.${language === 'js' ? 'mjs' : 'sh'}`)
  writeFileSync(file, code)
  const [command, args] = language === 'js' ? [process.execPath, [file]] : ['bash', ['-e', file]]
  const child = spawn(command, args, {
    cwd: folder,
    // A group of its own: what a shell started ends with it.
    detached: true,
    env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    ran.stdout += chunk.toString()
    if (until?.test(ran.stdout)) process.kill(-(child.pid ?? 0))
  })
  child.stderr.on('data', (chunk: Buffer) => (ran.stderr += chunk.toString()))
  const late = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), 60_000)
  ran.code = await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(late)
  return ran
}
