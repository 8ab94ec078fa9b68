import { Command } from 'commander';
import ms from 'ms';
import { loadConfig } from '../../config/load.ts';
import { withoutAccount } from '../../model/ids.ts';
import { findDefinitions } from '../source-definitions.ts';
import { examples } from '../examples.ts';
import { sourcesWithHandlers } from '../runtime.ts';
import { renderTable } from '../table.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall sources`: which vendors are on, and what each can do. */
export function sourcesCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('sources').description('list the sources that are on');
  return command.addHelpText('after', examples('landfall sources')).action(async () => {
    const env = await environment();
    const definitions = await findDefinitions(env);
    const sources = await sourcesWithHandlers(loadConfig(env, { mode: 'command', definitions }));
    const on = new Set(sources.map(({ name }) => withoutAccount(name)));
    const rows = sources.map((source) => [
      source.name,
      `/webhooks/${source.name}`,
      source.verification.name,
      source.fetchRecord === undefined ? 'from the payload' : 'fetched fresh',
      source.listChanged === undefined ? 'no' : `every ${ms(source.reconcile.everyMilliseconds)}`,
      [...source.destinations, ...source.handlers].map(({ name }) => name).join(', '),
      `${source.retry.maximumAttempts} attempts`,
    ]);
    if (rows.length > 0) {
      console.log(
        renderTable(['SOURCE', 'PATH', 'SCHEME', 'RECORDS', 'RECONCILED', 'DESTINATIONS', 'RETRIES'], rows),
      );
    }
    const off = definitions.filter(({ name }) => !on.has(name));
    if (off.length > 0)
      console.log(
        `Off: ${off.map(({ name, settings }) => `${name} (${Object.keys(settings).join(', ')})`).join('; ')}`,
      );
  });
}
