import { loadConfig } from '../config/load.ts';
import { createBulkActions } from '../temporal/bulk-actions.ts';
import { createDeadLetters } from '../temporal/dead-letters.ts';
import { createHolds } from '../temporal/holds.ts';
import type { KnownValues } from './completion.ts';
import { findDefinitions } from './source-definitions.ts';
import { type Environment, withTemporal } from './with-temporal.ts';

const most = 100;

/** What is known to the settings, and to Temporal. */
export function knownValues(environment: () => Promise<Environment>): KnownValues {
  return {
    async sources() {
      const env = await environment();
      const { sources } = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
      return sources.map(({ name }) => name);
    },
    ids: {
      'dead-letters': async () =>
        withTemporal(await environment(), async (client) => {
          const rows = await createDeadLetters(client).list({ limit: most });
          return rows.map(({ source, eventId }) => `${source}:${eventId}`);
        }),
      bulk: async () =>
        withTemporal(await environment(), async (client) => {
          const rows = await createBulkActions(client, '').list(most);
          return rows.map(({ id }) => id);
        }),
      holds: async () =>
        withTemporal(await environment(), async (client) => {
          const rows = await createHolds(client).list();
          return rows.map(({ workflowId }) => workflowId);
        }),
    },
  };
}
