// A fleet of any size, from one instance that came by the protocol: its rows are copied in the database.
import type pg from 'pg'

/** Every column as it is, but for what makes an instance another one. */
const copies = (table: string, count: number, own: Record<string, string>): string => {
  const columns = Object.keys(own).join(', ')
  return `do $$ declare names text; begin
  select string_agg(quote_ident(column_name), ', ') into names from information_schema.columns
  where table_name = '${table}' and is_generated = 'NEVER' and column_name <> all('{${columns}}');
  execute replace($copy$insert into ${table} (${columns}, NAMES) select ${Object.values(own).join(', ')}, NAMES
    from ${table} cross join generate_series(2, ${count}) n$copy$, 'NAMES', names);
end $$`
}

/** Makes the one instance that published into so many; every one with a name, place, tags and load of its own. */
export async function fillFleet(client: pg.Client, count: number): Promise<void> {
  await client.query(
    copies('instances', count, {
      id: `'ins_' || upper(lpad(to_hex(n), 26, '0'))`,
      num: 'num + n',
      name: `'workspace-' || lpad(((n * 7919) % 10000)::text, 5, '0')`,
      hostname: `'host-' || n || '.example'`,
      provider: `(array['docker', 'fly', 'kubernetes', 'e2b', 'local'])[1 + n % 5]`,
      region: `'region-' || n % 12`,
      tags: `jsonb_build_object('team', 'team-' || n % 40, 'env', (array['dev', 'test', 'demo'])[1 + n % 3])`,
      liveness: `(array['ONLINE', 'ONLINE', 'ONLINE', 'ONLINE', 'STALE', 'OFFLINE']::liveness[])[1 + n % 6]`,
      // None is found silent while this measures.
      replica: 'null',
      heartbeat_ms: '600000',
      metrics_ms: '600000',
      last_seen_at: 'now()',
      created_at: `created_at - n * interval '1 min'`,
    }),
  )
  await client.query(
    copies('metric_latest', count, {
      instance: 'instance + n',
      cpu: '(n * 31 % 1000) / 10.0',
      memory: '(n * 37 % 1000) / 1000.0',
      disk: '(n * 41 % 1000) / 1000.0',
    }),
  )
  // Whoever enrols next gets a number of its own.
  await client.query(`select setval(pg_get_serial_sequence('instances', 'num'), (select max(num) from instances))`)
  await client.query('vacuum analyze')
}
