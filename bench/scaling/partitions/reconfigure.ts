import pg from 'pg';
import type { PostgresServer } from '../../../test/support/postgres.ts';

/** Sets settings of the server, by name, and starts it again: after a checkpoint, with an empty cache. */
export async function reconfigure(
  server: PostgresServer,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    for (const [name, value] of Object.entries(settings)) {
      await client.query(`alter system set ${name} = '${value}'`);
    }
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
  await server.restart();
}
