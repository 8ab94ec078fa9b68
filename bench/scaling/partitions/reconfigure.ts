import { query } from '../../../test/support/create-database.ts';
import type { PostgresServer } from '../../../test/support/postgres.ts';

/** Sets settings of the server, by name, and starts it again: after a checkpoint, with an empty cache. */
export async function reconfigure(
  server: PostgresServer,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await query(server.url, `alter system set ${name} = '${value}'`);
  }
  await query(server.url, 'checkpoint');
  await server.restart();
}
