import { Command, InvalidArgumentError, Option } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { type BulkLetterStatus, bulkLetterStatuses } from '../../model/bulk.ts';
import { type BulkActions, type BulkRow, createBulkActions } from '../../temporal/bulk-actions.ts';
import { describeAge } from '../describe-age.ts';
import { examples } from '../examples.ts';
import { readNumber } from '../read-number.ts';
import { findDefinitions } from '../source-definitions.ts';
import { renderTable } from '../table.ts';
import { describeBulk, exitCodeOfBulk, watchBulk } from '../watch-bulk.ts';
import { withStore } from '../with-store.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

interface Decided {
  by: string;
  reason: string;
}

const idSense = 'the id, as "landfall bulk list" shows it; with or without "bulk:" before it';
const prefix = 'bulk:';
const pageSize = 1_000;

/** `landfall bulk`: see, pause, resume and cancel decisions about many dead letters, which `landfall dead-letters` begins. */
export function bulkCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('bulk')
    .description('see and steer decisions about many dead letters at once')
    .addHelpText(
      'after',
      examples(
        'landfall bulk list',
        'landfall bulk pause replay:2026-11-01T12:00:00.000Z --by ada --reason "the vendor asks us to wait"',
      ),
    );
  const run = async <Result>(use: (bulk: BulkActions) => Promise<Result>) => {
    const env = await environment();
    const { taskQueue } = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
    return withTemporal(env, (client) => use(createBulkActions(client, taskQueue)));
  };

  command
    .command('list', { isDefault: true })
    .description('those under way and those of the past, the newest first')
    .option('--limit <count>', 'at most so many', readNumber({ min: 1, max: 10_000, whole: true }), 20)
    .option('--json', 'one JSON object a line')
    .action(({ limit, json = false }: { limit: number; json?: boolean }) =>
      run(async (bulk) => {
        const rows = await bulk.list(limit);
        if (json) for (const row of rows) console.log(JSON.stringify(row));
        else console.log(rows.length === 0 ? 'There is no bulk action.' : tableOf(rows));
      }),
    );

  command
    .command('show')
    .argument('<id>', idSense, readId)
    .description('what it does, how far it is, and what failed last')
    .option('--json', 'as JSON')
    .action((id: string, { json = false }: { json?: boolean }) =>
      run(async (bulk) => {
        const view = await bulk.show(id);
        console.log(json ? JSON.stringify(view) : describeBulk(view));
      }),
    );

  command
    .command('watch')
    .argument('<id>', idSense, readId)
    .description('wait until it is over, or paused, with a progress bar')
    .option('--json', 'as JSON')
    .action((id: string, { json = false }: { json?: boolean }) =>
      run(async (bulk) => {
        const view = await watchBulk(bulk, id);
        console.log(json ? JSON.stringify(view) : describeBulk(view));
        process.exitCode = exitCodeOfBulk(view);
      }),
    );

  command
    .command('results')
    .argument('<id>', idSense, readId)
    .description('what came of each dead letter; needs DATABASE_URL')
    .addOption(new Option('--status <status>', 'only those').choices(bulkLetterStatuses))
    .option('--json', 'one JSON object a line')
    .addHelpText('after', examples('landfall bulk results replay:2026-11-01T12:00:00.000Z --status failed'))
    .action(async (id: string, options: { status?: BulkLetterStatus; json?: boolean }) => {
      await printResults(await environment(), id, options);
    });

  decision('pause', 'ask no other dead letter until it is resumed').action((id: string, decided: Decided) =>
    run(async (bulk) => {
      await bulk.pause(id, { ...pick(decided), via: 'cli' });
      console.log(`${id}: paused once those that were asked have answered`);
    }),
  );

  decision('resume', 'go on where it was paused, or where its canary failed').action(
    (id: string, decided: Decided) =>
      run(async (bulk) => {
        await bulk.resume(id, { ...pick(decided), via: 'cli' });
        console.log(`${id}: goes on; landfall bulk watch ${id}`);
      }),
  );

  decision('cancel', 'end it; what it has not asked stays as it is').action((id: string, decided: Decided) =>
    run(async (bulk) => {
      await bulk.cancel(id, { ...pick(decided), via: 'cli' });
      console.log(`${id}: cancelled; those that were asked are waited for`);
    }),
  );

  return command;

  function decision(name: string, description: string): Command {
    return command
      .command(name)
      .argument('<id>', idSense, readId)
      .description(description)
      .requiredOption('--by <name>', 'who decides')
      .requiredOption('--reason <text>', 'why');
  }
}

async function printResults(
  env: Environment,
  id: string,
  { status, json = false }: { status?: BulkLetterStatus; json?: boolean },
): Promise<void> {
  await withStore(env, 'What came of each dead letter', async (store) => {
    const statuses = status === undefined ? {} : { statuses: [status] };
    const rows: string[][] = [];
    for (let after = 0; ;) {
      const letters = await store.listBulkLetters(id, { ...statuses, after, limit: pageSize });
      for (const letter of letters) {
        const { source, eventId, result } = letter;
        if (json) console.log(JSON.stringify(letter));
        else rows.push([letter.status, `${source}:${eventId}`, result ?? '']);
      }
      const last = letters.at(-1);
      if (last === undefined || letters.length < pageSize) break;
      after = last.position;
    }
    if (json) return;
    console.log(
      rows.length === 0 ? `${id} has none.` : renderTable(['STATUS', 'DEAD LETTER', 'RESULT'], rows),
    );
  });
}

function tableOf(rows: readonly BulkRow[]): string {
  return renderTable(
    ['BEGUN', 'STATUS', 'SOURCE', 'BULK ACTION'],
    rows.map(({ id, source, startedAt, status }) => [
      `${describeAge(startedAt)} ago`,
      status,
      source ?? 'all',
      id,
    ]),
  );
}

function pick({ by, reason }: Decided): Decided {
  return { by, reason };
}

function readId(text: string): string {
  const id = text.startsWith(prefix) ? text : `${prefix}${text}`;
  if (id !== prefix) return id;
  throw new InvalidArgumentError('Give an id such as replay:2026-11-01T12:00:00.000Z.');
}
