// Brings together what programs, generators and pages wrote down, and what the database says; from the first moment on, it keeps every
// state that a command was in.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import type { Command, History, Records } from './checker.ts'
import type { Rig } from './rig.ts'
import type { Work } from './work.ts'

/** A table and triggers beside the product's own: a state that was there for a moment only is kept as well. */
const KEEP_STATES = `
  create schema truth;
  create table truth.states (n bigserial primary key, id text not null, state text not null);
  create function truth.keep() returns trigger language plpgsql as $$
    begin
      insert into truth.states (id, state) values (new.id, new.state::text);
      return new;
    end $$;
  create trigger keep_first after insert on commands for each row execute function truth.keep();
  create trigger keep_next after update on commands for each row
    when (old.state is distinct from new.state) execute function truth.keep();`

export async function query<Row = any>(rig: Rig, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: rig.postgres.url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows as Row[]
  } finally {
    await client.end()
  }
}

export const keepStates = (rig: Rig): Promise<unknown> => query(rig, KEEP_STATES)

/** A run as the database has it: the 128 bits of its ULID. */
const toUuid = (run: string): string => {
  let bits = 0n
  for (const letter of run) bits = bits * 32n + BigInt('0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(letter))
  return bits
    .toString(16)
    .padStart(32, '0')
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

async function commandsOf(rig: Rig, work: Work): Promise<Command[]> {
  const rows = await query(rig, 'select id, command from commands')
  const states = await query(rig, 'select id, state from truth.states order by n')
  const output = await query(
    rig,
    `select command_id, data from command_output where stream = 'STDOUT' order by command_id, at`,
  )
  return work.commands.map(({ token, id, output: followed }) => ({
    token,
    id,
    rows: rows
      .filter(({ command }) => command.includes(`"${token} $i"`))
      .map((row) => ({
        id: row.id,
        states: states.filter((state) => state.id === row.id).map(({ state }) => state),
        stdout: Buffer.concat(output.filter((each) => each.command_id === row.id).map(({ data }) => data)),
      })),
    ran: work.marks(token, 'ran').toString().split('\n').filter(Boolean).length,
    written: work.marks(token, 'out'),
    seen: followed?.bytes() ?? null,
  }))
}

/** What the swarm says of its records: highest number made, and all that were answered for. */
export function readRecords(text: string): Map<string, { made: number; answered: number[] }> {
  const all = new Map<string, { made: number; answered: number[] }>()
  for (const line of text.split('\n').filter(Boolean)) {
    const [name, stream, run = '', seq, outcome = ''] = line.split(' ')
    const key = `${name} ${stream} ${toUuid(run)}`
    const each = all.get(key) ?? { made: 0, answered: [] }
    all.set(key, each)
    if (outcome === 'MADE') each.made = Math.max(each.made, Number(seq))
    if (outcome === 'STORED' || outcome === 'REPEATED') each.answered.push(Number(seq))
  }
  return all
}

/** What was on its way when a spool was taken away came from runs of so long ago at most. */
const spooledMs = 120_000

export async function recordsOf(rig: Rig, work: Work): Promise<Records[]> {
  const told = readRecords(readFileSync(path.join(rig.folder, 'records'), 'utf8'))
  const samples = await query(
    rig,
    `select i.name, s.run::text as run, s.seq, s.at from metric_sample s join instances i on i.num = s.instance order by s.instance, s.run, s.seq`,
  )
  const events = await query(
    rig,
    `select i.name, e.run::text as run, e.seq, e.at from events e join instances i on i.num = e.instance_num where e.run is not null`,
  )
  const gaps = await query(
    rig,
    `select i.name, g.run::text as run, sum(g.dropped)::int as dropped from metric_gap g join instances i on i.num = g.instance group by 1, 2`,
  )
  const stored = new Map<string, { seq: number; atMs: number }[]>()
  for (const [stream, rows] of Object.entries({ samples, events }))
    for (const { name, run, seq, at } of rows) {
      const key = `${name} ${stream} ${run}`
      stored.set(key, [...(stored.get(key) ?? []), { seq, atMs: at.getTime() }])
    }
  const keys = new Set([...stored.keys(), ...[...told.keys()].filter((key) => !key.includes(' gaps '))])
  return [...keys].map((key) => {
    const [name, stream, run] = key.split(' ')
    const made = told.get(key)?.made ?? null
    // Those made since the file was read are another matter.
    const rows = (stored.get(key) ?? []).filter(({ seq }) => made === null || seq <= made)
    const firstMs = Math.min(...rows.map(({ atMs }) => atMs))
    const lastMs = Math.max(...rows.map(({ atMs }) => atMs))
    const dropped = gaps.find((gap) => gap.name === name && gap.run === run)?.dropped ?? 0
    return {
      name: key,
      made,
      answered: told.get(key)?.answered ?? [],
      stored: rows,
      dropped: stream === 'samples' ? dropped : 0,
      mayLose:
        work.spoolLosses.some(({ agent, atMs }) => agent === name && firstMs <= atMs && lastMs >= atMs - spooledMs) ||
        // Of a run that began and ended with a clone.
        work.clones.some(({ agent, fromMs, toMs }) => agent === name && firstMs >= fromMs && lastMs <= toMs),
    }
  })
}

async function silencesOf(rig: Rig): Promise<History['silences']> {
  const told = await query(
    rig,
    `select i.name, e.type from events e join instances i on i.num = e.instance_num
      where e.type in ('HEARTBEAT_LOST', 'HEARTBEAT_RECOVERED') order by e.recorded_at, e.id`,
  )
  const names = new Set(told.map(({ name }) => name))
  return [...names].map((instance) => ({
    instance,
    told: told.filter(({ name }) => name === instance).map(({ type }) => type),
  }))
}

export async function collect(
  rig: Rig,
  work: Work,
  more: Pick<History, 'records' | 'status' | 'memory'>,
): Promise<History> {
  return {
    streams: work.streams(),
    commands: await commandsOf(rig, work),
    silences: await silencesOf(rig),
    ...more,
  }
}
