// All agents of a load, in as many processes as it takes to keep a console busy.
import type { World } from '@sindri/e2e/kit/world'
import path from 'node:path'
import { startRole } from '../kit/role.ts'
import type { Done, Work } from './agents.ts'

const PROCESSES = 2

export interface Fleet {
  /** What all of them came to; the latencies are those of the slower process. */
  publish(work: Work): Promise<Done>
  end(): Promise<unknown>
}

export async function enrolFleet(world: World, agents: number): Promise<Fleet> {
  const roles = Array.from({ length: PROCESSES }, () => startRole('ingest/agents.ts'))
  const secretFile = path.join(world.folder, 'console', 'enrol-secret')
  const count = agents / PROCESSES
  await Promise.all(
    roles.map((role, index) => role.ask('enrol', { url: world.url, secretFile, count, name: `load-${index}` })),
  )
  return {
    async publish({ perSecond, ...work }) {
      const share = perSecond ? { ...work, perSecond: perSecond / PROCESSES } : work
      const all = await Promise.all(roles.map((role) => role.ask<Done>('publish', share)))
      return all.reduce((sum, one) => ({
        inTime: sum.inTime + one.inTime,
        stored: sum.stored + one.stored,
        repeated: sum.repeated + one.repeated,
        refused: sum.refused + one.refused,
        postponed: sum.postponed + one.postponed,
        ms: Math.max(sum.ms, one.ms),
        p50: Math.max(sum.p50, one.p50),
        p99: Math.max(sum.p99, one.p99),
      }))
    },
    end: () => Promise.all(roles.map((role) => role.end())),
  }
}
