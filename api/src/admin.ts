// What an administrator does at the machine itself: `reset-password [e-mail]` prints a new one-time password.
import { createAccess } from './access/access.ts'
import { readAdminCommand, USAGE } from './access/adminCommand.ts'
import { busPrefix } from './platform/busPrefix.ts'
import { openBus } from './platform/openBus.ts'
import { systemClock } from './platform/clock.ts'
import { openDb } from './platform/db.ts'
import { readEnv, WrongEnv } from './platform/env.ts'
import { createIds } from './platform/ids.ts'
import { createJobs } from './platform/jobs.ts'
import { createLog } from './platform/log.ts'

const WRONG = 2

const resetPassword = async (email: string | undefined): Promise<string> => {
  const env = readEnv(process.env, process.cwd())
  const log = createLog('error', (line) => process.stderr.write(line))
  const clock = systemClock
  const onError = (error: Error): void => log.error(error.message, { error })
  // Next to a console that runs, this is one more process on PostgreSQL; an embedded database has room for one, and says so.
  const db = await openDb(env.databaseUrl, { onError })
  try {
    await db.migrate()
    const bus = await openBus(env.redisUrl, { prefix: await busPrefix(db), clock, onError })
    try {
      const access = createAccess({ db, bus, clock, ids: createIds(clock), jobs: createJobs({ clock, log }), log })
      const { user, oneTimePassword } = await access.recover(email)
      return `${user.email}   ${oneTimePassword}   (shown once; a new one is chosen at the next sign-in)`
    } finally {
      await bus.close()
    }
  } finally {
    await db.close()
  }
}

try {
  const command = readAdminCommand(process.argv.slice(2))
  if (!command) {
    process.stderr.write(`${USAGE}\n`)
    process.exit(WRONG)
  }
  process.stdout.write(`${await resetPassword(command.email)}\n`)
  process.exit(0)
} catch (error) {
  for (const line of error instanceof WrongEnv ? error.lines : [(error as Error).message])
    process.stderr.write(`sindri: ${line}\n`)
  process.exit(WRONG)
}
