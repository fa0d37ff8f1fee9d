// Enrolment: a machine that holds a key becomes an instance; one with another key asks the operators and changes nothing.
import type { Enrolled, Registration, Viewer } from '@sindri/schema'
import { badInput, Fault } from '@sindri/schema/contract/codes'
import { LIMITS } from '@sindri/schema/contract/limits'
import { enrolStatement } from '@sindri/schema/contract/protocol'
import type { Bus } from '../platform/bus.ts'
import type { Db } from '../platform/db.ts'
import type { Ids } from '../platform/ids.ts'
import { labelsOf } from '../platform/labels.ts'
import { topics } from '../platform/topics.ts'
import { demandPublicKey, hasSigned, thumbprintOf } from './agentKeys.ts'
import { checkFacts, setFacts } from './facts.ts'
import type { RecordEvents } from './observed.ts'
import type { Tokens } from './tokens.ts'

export interface EnrolDeps {
  db: Db
  bus: Bus
  ids: Ids
  tokens: Tokens
  recordEvents: RecordEvents
  consoleVersion: string
  /** WebSocket address for agents. */
  linkUrl: () => string
}

interface Instance {
  id: string
  num: number
  name: string
  public_key: string
}

const nameForm = /^[A-Za-z0-9._-]{1,128}$/
/** Of one instance; more say nothing new. */
const pendingMax = 50

/** Thrown inside the change, which is undone by it; what follows is no change of the instance. */
class Foreign extends Error {
  readonly instance: Instance
  constructor(instance: Instance) {
    super('Another key is enrolled.')
    this.instance = instance
  }
}

export const createEnrol = ({ db, bus, ids, tokens, recordEvents, consoleVersion, linkUrl }: EnrolDeps) => {
  /** Shows operators who asks; throws what to tell the machine. */
  const askOperators = async (
    viewer: Viewer,
    { id, num, name }: Instance,
    publicKey: string,
    hostname: string | null,
  ): Promise<never> => {
    const thumbprint = thumbprintOf(publicKey)
    const { state, publish } = await db.tx(async (tx) => {
      const [request] = await tx.query<{ state: 'PENDING' | 'REFUSED'; fresh: boolean }>(
        `insert into takeover_requests as t (id, instance_id, public_key, thumbprint, hostname, address)
         select $1, $2, $3, $4, $5, $6
         where exists(select from takeover_requests where instance_id = $2 and thumbprint = $4)
           or (select count(*) from takeover_requests where instance_id = $2 and state = 'PENDING') < $7
         on conflict (instance_id, thumbprint) do update set last_seen_at = now(), hostname = excluded.hostname, address = excluded.address,
           state = case when t.state = 'ALLOWED' then 'PENDING' else t.state end
         returning state, created_at = last_seen_at as fresh`,
        [ids.make('takeover'), id, publicKey, thumbprint, hostname, viewer.ip, pendingMax],
      )
      const tell = await recordEvents(
        tx,
        request?.fresh
          ? [
              {
                instanceId: id,
                instanceNum: num,
                instanceName: name,
                type: 'ERROR',
                message: `${hostname ?? 'A machine'} (${viewer.ip}) wants to take over ${name}: it shows another key.`,
                metadata: { kind: 'TAKEOVER_ASKED', hostname, address: viewer.ip, keyFingerprint: thumbprint },
              },
            ]
          : [],
      )
      return { state: request?.state, publish: tell }
    })
    publish()
    if (state === 'REFUSED')
      throw new Fault('ENROLMENT_REFUSED', `An operator refused to let this machine take over ${name}.`)
    throw new Fault(
      'INSTANCE_EXISTS',
      `Another machine is enrolled as ${name}. An operator of the console must allow the take-over, or choose another SINDRI_INSTANCE_ID.`,
      {
        retryAfterMs: 30_000,
      },
    )
  }

  return async (viewer: Viewer, input: Registration): Promise<Enrolled> => {
    const { instanceId: name, tags } = input
    if (typeof name !== 'string' || !nameForm.test(name))
      throw badInput('input.instanceId', '1 to 128 letters, digits, ".", "_" or "-"', name)
    const publicKey = demandPublicKey('input.publicKey', input.publicKey)
    if (!hasSigned(publicKey, enrolStatement(name, publicKey), input.proof)) {
      throw badInput('input.proof', 'a signature over enrolStatement with the key that is enrolled', 'another one')
    }
    const facts = checkFacts('input', input)
    const labels = labelsOf('input.tags', tags)
    const thumbprint = thumbprintOf(publicKey)
    const { set, params } = setFacts(facts, 2)

    const enrol = (): Promise<Instance> =>
      db.change(viewer, 'agent.enrol.registerInstance', { kind: 'instance' }, async (tx) => {
        // Of two machines that come at the same moment, the second waits here and finds the first.
        const [made] = await tx.query<Instance>(
          `insert into instances (id, name, public_key, thumbprint, tags) values ($1, $2, $3, $4, $5::jsonb)
           on conflict (name) where deleted_at is null do nothing returning *`,
          [ids.make('instance'), name, publicKey, thumbprint, labels],
        )
        const [instance] = made
          ? [made]
          : await tx.query<Instance>('select * from instances where name = $1 and deleted_at is null for update', [
              name,
            ])
        if (!instance)
          throw new Fault('UNAVAILABLE', `${name} was removed at this moment; try again.`, { retryAfterMs: 1_000 })
        if (instance.public_key !== publicKey) throw new Foreign(instance)
        if (set !== '')
          await tx.query(`update instances set ${set}, revision = revision + 1, changed_at = now() where id = $1`, [
            instance.id,
            ...params,
          ])
        return {
          result: instance,
          target: { kind: 'instance', id: instance.id },
          after: { name, keyFingerprint: thumbprint, new: made !== undefined, hostname: facts.hostname ?? null },
          publish: () => bus.publish(topics.instanceChanged, 'all', { id: instance.id }),
        }
      })

    let instance: Instance
    try {
      instance = await enrol()
    } catch (error) {
      if (!(error instanceof Foreign)) throw error
      return await askOperators(viewer, error.instance, publicKey, facts.hostname ?? null)
    }
    const { token, expiresAt } = await tokens.issue({ instanceId: instance.id, thumbprint })
    return {
      id: instance.id,
      instanceId: name,
      agentToken: token,
      tokenExpiresAt: expiresAt,
      heartbeatSeconds: LIMITS.heartbeatMs / 1000,
      metricsSeconds: LIMITS.metricsMs / 1000,
      consoleVersion,
      linkUrl: linkUrl(),
    }
  }
}
