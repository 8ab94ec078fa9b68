import { query } from '../support/create-database.ts';
import { z } from 'zod';
import type { System } from './system.ts';

const rowsSchema = z.array(z.object({ event_id: z.string(), complete: z.boolean(), dead: z.boolean() }));

/** What became of the events of a system, by their id: `true` where all is done, `false` where a dead letter has it. */
export async function readLanded({ databaseUrl, source }: System): Promise<Map<string, boolean>> {
  const rows = await query(
    databaseUrl,
    `select event_id, complete, dead_letter_open as dead from landfall.processed
     where source = '${source}' and (complete or dead_letter_open)`,
  );
  return new Map(rowsSchema.parse(rows).map(({ event_id, complete, dead }) => [event_id, complete && !dead]));
}
