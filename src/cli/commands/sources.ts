import { Command } from 'commander';
import ms from 'ms';
import { loadConfig } from '../../config/load.ts';
import { paths } from '../../console/paths.ts';
import { UnknownSourceError } from '../../errors.ts';
import { tellSource } from '../../inspection/source-story.ts';
import { withoutAccount } from '../../model/ids.ts';
import { describeOverview, describeSource } from '../describe-source.ts';
import { findDefinitions } from '../source-definitions.ts';
import { examples } from '../examples.ts';
import { inspect } from '../inspect.ts';
import { sourcesWithHandlers } from '../runtime.ts';
import { renderTable } from '../table.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall sources`: which vendors are on, what each can do, and how each is doing. */
export function sourcesCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('sources')
    .description('list the sources that are on, and see how they are doing')
    .addHelpText(
      'after',
      examples('landfall sources', 'landfall sources health', 'landfall sources show stripe'),
    );

  command
    .command('list', { isDefault: true })
    .description('which are on, and what each can do; knows the settings alone')
    .option('--json', 'one JSON object a line')
    .action(async ({ json = false }: { json?: boolean }) => {
      const env = await environment();
      const definitions = await findDefinitions(env);
      const sources = await sourcesWithHandlers(loadConfig(env, { mode: 'command', definitions }));
      const known = sources.map((source) => ({
        source: source.name,
        path: `/webhooks/${source.name}`,
        scheme: source.verification.name,
        records: source.fetchRecord === undefined ? 'from the payload' : 'fetched fresh',
        reconciled:
          source.listChanged === undefined ? 'no' : `every ${ms(source.reconcile.everyMilliseconds)}`,
        destinations: [...source.destinations, ...source.handlers].map(({ name }) => name),
        attempts: source.retry.maximumAttempts,
      }));
      if (json) {
        for (const each of known) console.log(JSON.stringify(each));
        return;
      }
      if (known.length > 0) {
        console.log(
          renderTable(
            ['SOURCE', 'PATH', 'SCHEME', 'RECORDS', 'RECONCILED', 'DESTINATIONS', 'RETRIES'],
            known.map(({ source, path, scheme, records, reconciled, destinations, attempts }) => [
              ...[source, path, scheme, records, reconciled],
              destinations.join(', '),
              `${attempts} attempts`,
            ]),
          ),
        );
      }
      const on = new Set(sources.map(({ name }) => withoutAccount(name)));
      const off = definitions.filter(({ name }) => !on.has(name));
      if (off.length > 0)
        console.log(
          `Off: ${off.map(({ name, settings }) => `${name} (${Object.keys(settings).join(', ')})`).join('; ')}`,
        );
    });

  command
    .command('health')
    .description('how each is doing: its state, its deliveries, what was refused, its dead letters')
    .option('--json', 'as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const overview = await inspect(await environment(), paths.sources, (deps) => deps.sourceHealth());
      console.log(json ? JSON.stringify(overview, null, 2) : describeOverview(overview));
    });

  command
    .command('show')
    .argument('<source>', 'with its account where it has some: stripe, or stripe/eu')
    .description('how one is doing: its deliveries by the hour, and the newest refused ones')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('landfall sources show stripe'))
    .action(async (name: string, { json = false }: { json?: boolean }) => {
      const story = await inspect(await environment(), paths.source(name), (deps) => tellSource(deps, name));
      if (story === null) {
        throw new UnknownSourceError(
          `The source "${name}" is not on here: "landfall sources" lists those that are.`,
        );
      }
      console.log(json ? JSON.stringify(story, null, 2) : describeSource(story));
    });

  return command;
}
