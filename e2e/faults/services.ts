// A PostgreSQL and a Redis of their own, as processes that may be killed, stopped and started again.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, readdirSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import pg from 'pg'
import { until } from '../kit/processes.ts'

export interface Service {
  url: string
  pid(): number
  /** To all of its processes. */
  signal(signal: NodeJS.Signals): void
  /** With SIGKILL, all of its processes at once. */
  kill(): Promise<void>
  /** Resolves when it answers. */
  start(): Promise<void>
  end(): Promise<void>
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const childrenOf = (pid: number): number[] => {
  try {
    const found = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    return found.trim().split(/\s+/).filter(Boolean).map(Number)
  } catch {
    return []
  }
}
const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone already.
  }
}

interface Program {
  file: string
  args: string[]
  cwd: string
  user?: { uid: number; gid: number }
  answers(): Promise<unknown>
}

async function openService(url: string, { file, args, cwd, user, answers }: Program): Promise<Service> {
  let child: ChildProcess
  const all = (): number[] => [...childrenOf(child.pid as number), child.pid as number]
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  const service: Service = {
    url,
    pid: () => child.pid as number,
    signal: (signal) => all().forEach((pid) => send(pid, signal)),
    async kill() {
      const pids = all()
      const exited = isOver() ? null : once(child, 'exit')
      for (const pid of pids) send(pid, 'SIGKILL')
      await exited
    },
    start: () =>
      until(
        `${path.basename(file)} to answer`,
        async () => {
          // Whoever dies without an end leaves none behind.
          if (!child || isOver())
            child = spawn('setpriv', ['--pdeathsig', 'KILL', file, ...args], { cwd, stdio: 'ignore', ...user })
          await answers()
          return true
        },
        60_000,
      ).then(() => {}),
    async end() {
      service.signal('SIGCONT')
      await service.kill()
    },
  }
  await service.start()
  return service
}

export const openPostgres = async (folder: string): Promise<Service> => {
  const versions = '/usr/lib/postgresql'
  const newest = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a))[0] ?? ''
  const bin = (name: string): string => path.join(versions, newest, 'bin', name)
  mkdirSync(folder, { mode: 0o700 })
  const idOf = (kind: string): number => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }))
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : undefined
  if (user) chownSync(folder, user.uid, user.gid)
  const made = ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  execFileSync(bin('initdb'), made, { cwd: folder, stdio: 'ignore', ...user })
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', logging_collector: 'off' }
  return openService(url, {
    file: bin('postgres'),
    args: ['-D', folder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: folder,
    ...(user && { user }),
    async answers() {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
      client.on('error', () => {})
      await client.connect()
      await client.query('select 1').finally(() => client.end())
    },
  })
}

/** One command to Redis, as it would be typed; resolves with the first answer. */
export const tellRedis = async (url: string, command: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  try {
    socket.setTimeout(5_000, () => socket.destroy(new Error('expected Redis to answer within 5 s')))
    socket.write(`${command}\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    return answer.toString().trim()
  } finally {
    socket.destroy()
  }
}

export const openRedis = async (folder: string): Promise<Service> => {
  mkdirSync(folder)
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  return openService(url, {
    file: 'redis-server',
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    cwd: folder,
    answers: () => tellRedis(url, 'PING'),
  })
}
