// The console as a process: reads the environment, starts, says where it is, and ends in order on the first signal.
import type { Started } from './app.ts'
import { readEnv, WrongEnv } from './platform/env.ts'

/** What Ctrl-C leaves to whoever started this process for ending an agent first, which then still finds a console that answers. */
const HEAD_START_MS = 1_500
const CANNOT_START = 2

/** Whoever forked this process hears it over IPC, and speaks to the user itself. */
const tell = (message: object): Promise<void> =>
  new Promise((resolve) => (process.send ? process.send(message, () => resolve()) : resolve()))

const fail = async (error: unknown): Promise<never> => {
  const lines = error instanceof WrongEnv ? error.lines : [lineOf(error)]
  for (const line of lines) console.error(`sindri: ${line}`)
  await tell({ type: 'failed', message: lines.join('\n') })
  process.exit(CANNOT_START)
}

const lineOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause =
    error.name === 'Fault' &&
    error.cause instanceof Error &&
    error.cause.message &&
    !error.message.includes(error.cause.message)
      ? ` (${error.cause.message})`
      : ''
  return `${error.message}${cause}`.replaceAll('\n', ' ')
}

const summary = ({ url, adminEmail, oneTimePassword, enrolSecretFile, databaseLabel }: Started): string =>
  [
    `Sindri Console     ${url}`,
    `administrator      ${adminEmail}`,
    `password           ${oneTimePassword ?? 'as you chose it'}${oneTimePassword ? '   (shown once; you choose your own when you sign in)' : ''}`,
    `enrolment secret   ${enrolSecretFile}`,
    `database           ${databaseLabel}`,
  ].join('\n')

const run = async (): Promise<void> => {
  const env = readEnv(process.env, process.cwd())
  const [{ createApp }, { createLog }, { isLoopback }] = await Promise.all([
    import('./app.ts'),
    import('./platform/log.ts'),
    import('./http/origin.ts'),
  ])
  const log = createLog(env.logLevel)
  process.on('uncaughtException', (error) => {
    log.error('the console met a defect and ends', { error })
    process.exit(1)
  })
  const app = createApp(env, { log, onStep: (name) => void tell({ type: 'step', name }) })
  let stopping: Promise<never> | undefined
  const end = (): void => {
    stopping ??= app.stop().then(() => process.exit(0))
  }
  process.on('SIGTERM', end)
  // A terminal sends both to all that was started in it: Ctrl-C, and its own end.
  for (const signal of ['SIGINT', 'SIGHUP'])
    process.on(signal, () => (process.send ? setTimeout(end, HEAD_START_MS) : end()))
  // Who started this process is gone: nobody would ever end it.
  process.on('disconnect', end)

  const started = await app.start().catch((error: unknown) => {
    // Ended while it started: what fails then fails because of it.
    if (stopping) return stopping
    log.debug('the console could not start', { error })
    return fail(error)
  })
  if (stopping) return
  if (!isLoopback(env.host)) {
    console.error(
      `sindri: HOST=${env.host}: everybody who reaches this machine's network can reach the sign-in page and the API${env.publicUrl?.protocol === 'https:' ? '' : ', in clear text unless a proxy in front adds TLS (then set SINDRI_PUBLIC_URL and SINDRI_TRUSTED_PROXIES)'}.`,
    )
  }
  if (process.send) await tell({ type: 'ready', ...started })
  else console.log(summary(started))
}

await run().catch(fail)
