// How long `npm start` takes: a fresh clone, and the second time; and how long it takes to end.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { root } from '@sindri/e2e/kit/processes'
import { elapsedMs, print } from './kit/report.ts'

const clone = mkdtempSync(path.join(tmpdir(), 'sindri-start-'))
// The commands of a new user, without what this run of npm has set; how npm reaches its registry is the machine's own.
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!config_)|NODE_(?!EXTRA_CA_CERTS)|SINDRI_|INIT_CWD)/.test(name),
  ),
)

async function start(): Promise<{ readyMs: number; endMs: number }> {
  const began = performance.now()
  const child = spawn('npm', ['start'], {
    cwd: clone,
    env: { ...env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  const ready = new Promise<void>((resolve) => {
    const listen = (chunk: Buffer): void => {
      output += chunk.toString()
      if (/Ready in/.test(output)) resolve()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
  })
  const ended = once(child, 'exit')
  await Promise.race([ready, ended.then(() => Promise.reject(new Error(`npm start ended:\n${output}`)))])
  const readyMs = elapsedMs(began)
  const asked = performance.now()
  // As Ctrl-C does: to the whole group of the terminal.
  if (child.pid) process.kill(-child.pid, 'SIGINT')
  await ended
  return { readyMs, endMs: elapsedMs(asked) }
}

function bareNode(): number {
  const began = performance.now()
  execFileSync(process.execPath, ['-e', '0'])
  return elapsedMs(began)
}

try {
  execFileSync('git', ['clone', '--quiet', '--depth', '1', `file://${root}`, clone])
  const fresh = await start()
  const again = [await start(), await start(), await start()]
  const second = Math.min(...again.map(({ readyMs }) => readyMs))
  const bare = Math.min(...Array.from({ length: 5 }, bareNode))
  print({
    bench: 'start',
    figures: {
      'fresh clone, package store as it is, s': fresh.readyMs / 1000,
      'second start (best of 3), s': second / 1000,
      'Ctrl-C to nothing left (worst of 4), s': Math.max(fresh.endMs, ...again.map(({ endMs }) => endMs)) / 1000,
    },
    baselines: { 'a Node process that does nothing, s': bare / 1000 },
    ratios: { 'second start / bare Node': second / bare },
    goals: [
      { name: 'second start, s', figure: second / 1000, goal: 3, kind: 'max' },
      {
        name: 'Ctrl-C to nothing left, s',
        figure: Math.max(...again.map(({ endMs }) => endMs)) / 1000,
        goal: 5,
        kind: 'max',
      },
    ],
  })
} finally {
  rmSync(clone, { recursive: true, force: true })
}
