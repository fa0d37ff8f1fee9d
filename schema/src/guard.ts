// Nobody gets in who shouldn't: every root field must say `can` (and mutations `audit`), and both are enforced on resolve and on subscribe.
import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import { Fault } from './contract/codes.ts'
import { type Action, ACTIONS, can, weakestRole } from './contract/roles.ts'
import type { Context, Viewer } from './context.ts'

export const guardPlugin = 'sindriGuard' as const

/**
 * How a mutation is accounted for. `entry`: the service writes one entry in the change's own transaction.
 * `session`: covered by the entries of the terminal's open and close. `agent`: telemetry, which is its own record.
 */
export type AuditMode = 'entry' | 'session' | 'agent'

export interface GuardOptions {
  can: Action
  audit?: AuditMode
}

declare global {
  // Pothos is extended through this namespace.
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      sindriGuard: GuardPlugin<Types>
    }
    export interface QueryFieldOptions<Types, Type, Nullable, Args, ResolveReturnShape> {
      /** The action of the role table that the caller must be allowed. */
      can: Action
    }
    export interface MutationFieldOptions<Types, Type, Nullable, Args, ResolveReturnShape> {
      can: Action
      audit: AuditMode
    }
    export interface SubscriptionFieldOptions<Types, Type, Nullable, Args, ResolveShape, ResolveReturnShape> {
      can: Action
    }
  }
}

const accounted = new WeakSet<Fault>()

/** Marks a fault whose mutation already left its audit entry: an order that was recorded, and then could not be carried out. */
export const alreadyAudited = (fault: Fault): Fault => {
  accounted.add(fault)
  return fault
}

const ROOTS = new Set(['Query', 'Mutation', 'Subscription'])

class GuardPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    if (!ROOTS.has(field.kind)) return field
    const { can: action, audit } = field.pothosOptions as unknown as Partial<GuardOptions>
    if (!action || !(action in ACTIONS))
      throw new Error(`${field.parentType}.${field.name}: expected \`can\` to name an action, got ${action}`)
    if (field.kind === 'Mutation' && !audit)
      throw new Error(`${field.parentType}.${field.name}: expected \`audit\`, got none`)
    return { ...field, extensions: { ...field.extensions, can: action, audit } }
  }

  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (field.kind !== 'Query' && field.kind !== 'Mutation') return resolver
    const { can: action, audit } = field.extensions as unknown as GuardOptions
    if (audit !== 'entry') {
      // What a terminal types every few milliseconds leaves no entry; nothing is kept of it here, its arguments neither.
      return (parent, args, context, info) => {
        demand((context as Context).viewer, action)
        return resolver(parent, args, context, info)
      }
    }
    return async (parent, args, context, info) => {
      const { viewer, audit: log } = context as Context
      try {
        demand(viewer, action)
        return await resolver(parent, args, context, info)
      } catch (error) {
        // A refusal is part of the record too, and so is a defect.
        const fault =
          error instanceof Fault ? error : new Fault('INTERNAL', 'A defect of the console.', {}, { cause: error })
        if (!accounted.has(fault)) await log.refused(viewer, info.fieldName, action, targetOf(args), fault)
        throw error
      }
    }
  }

  override wrapSubscribe(
    subscriber: GraphQLFieldResolver<unknown, Types['Context'], object> | undefined,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> | undefined {
    if (!subscriber || field.kind !== 'Subscription') return subscriber
    const { can: action } = field.extensions as unknown as GuardOptions
    return (parent, args, context, info) => {
      demand((context as Context).viewer, action)
      return subscriber(parent, args, context, info)
    }
  }
}

const demand = (viewer: Viewer, action: Action): void => {
  if (can(viewer, action)) return
  if (viewer.kind === 'anonymous') throw new Fault('UNAUTHENTICATED', 'Sign in, or send an API key.')
  if (viewer.kind === 'user' && viewer.mustChangePassword && can({ role: viewer.role }, action)) {
    throw new Fault('PASSWORD_CHANGE_REQUIRED', 'Change the one-time password first.')
  }
  const role = weakestRole(action)?.toLowerCase()
  throw new Fault(
    'FORBIDDEN',
    role ? `${action} needs the ${role} role. An administrator can grant it.` : `${action} is not open to users.`,
    {
      action,
    },
  )
}

/** The id a mutation aims at, by the convention that it is its argument or input field `id` or `…Id`. */
const targetOf = (args: object): string | null => {
  const values = args as Record<string, unknown>
  const input =
    typeof values.input === 'object' && values.input !== null ? (values.input as Record<string, unknown>) : {}
  const found = [...Object.entries(values), ...Object.entries(input)].find(
    ([name]) => name === 'id' || name.endsWith('Id'),
  )?.[1]
  return typeof found === 'string' ? found.slice(0, 200) : null
}

SchemaBuilder.registerPlugin(guardPlugin, GuardPlugin)
