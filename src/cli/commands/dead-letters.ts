import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../config/load.ts';
import type { BulkKind } from '../../model/bulk.ts';
import type { DeadLetterRef } from '../../model/dead-letter.ts';
import { parseDeadLetterId } from '../../model/ids.ts';
import { createBulkActions } from '../../temporal/bulk-actions.ts';
import { createDeadLetters, type DeadLetters } from '../../temporal/dead-letters.ts';
import { decideMany } from '../decide-many.ts';
import { decideOne } from '../decide-one.ts';
import { addDecideOptions, type DecideOptions, type DecisionMade, readDecision } from '../decide-options.ts';
import { describeCase } from '../describe-case.ts';
import { describeAge } from '../describe-age.ts';
import { examples } from '../examples.ts';
import { addLetterOptions, type LetterOptions, readLetterOptions, saysWhich } from '../letter-options.ts';
import { readableSubject } from '../readable-subject.ts';
import { readNumber } from '../read-number.ts';
import { findDefinitions } from '../source-definitions.ts';
import { renderTable } from '../table.ts';
import { withBody } from '../with-body.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

type ListOptions = LetterOptions & { limit: number; json?: boolean };

/** `landfall dead-letters`: see the queue of dead letters and decide about them. */
export function deadLettersCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('dead-letters')
    .description('see the dead letters and decide about them')
    .addHelpText(
      'after',
      examples(
        'landfall dead-letters list --source stripe',
        'landfall dead-letters replay --source stripe --by ada@example.com --reason "the vendor is back"',
      ),
    );
  const run = async <Result>(use: (deadLetters: DeadLetters) => Promise<Result>) =>
    withTemporal(await environment(), (client) => use(createDeadLetters(client)));

  addLetterOptions(command.command('list', { isDefault: true }))
    .description('the open ones, the oldest first')
    .option('--limit <count>', 'at most so many', readNumber({ min: 1, max: 100_000, whole: true }), 100)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      examples(
        'landfall dead-letters list --source stripe --json',
        'landfall dead-letters list --type "invoice.*" --older-than 2h',
      ),
    )
    .action((options: ListOptions) =>
      run(async (deadLetters) => {
        const { limit } = options;
        const rows = await deadLetters.list({ ...readLetterOptions(options, Date.now()), limit });
        if (options.json === true) {
          for (const row of rows) console.log(JSON.stringify(row));
          return;
        }
        if (rows.length === 0) {
          console.log('No dead letter is open.');
          return;
        }
        console.log(
          renderTable(
            ['OPEN FOR', 'SOURCE', 'EVENT', 'TYPE', 'ENTITY', 'ERROR'],
            rows.map((row) => [
              describeAge(row.openedAt),
              row.source,
              row.eventId,
              row.eventType,
              row.entity,
              row.error,
            ]),
          ),
        );
        if (rows.length === limit) console.error(`These are the newest ${limit}: --limit shows more.`);
      }),
    );

  command
    .command('show')
    .argument('<id>', idSense, readId)
    .description('the whole case: what failed, its record, headers and body')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('landfall dead-letters show stripe:evt_123'))
    .action((ref: DeadLetterRef, options: { json?: boolean }) =>
      run(async (deadLetters) => {
        const { state, subject: kept } = await deadLetters.show(ref);
        const { subject: whole, missing } = await withBody(await environment(), kept);
        const subject = await readableSubject(await environment(), ref.source, whole);
        console.log(
          options.json === true ? JSON.stringify({ state, subject }, null, 2) : describeCase(state, subject),
        );
        if (missing !== null) console.error(missing);
      }),
    );

  decision('replay', 'process the event again with what the vendor has today')
    .option('--reason <text>', 'why')
    .addHelpText(
      'after',
      examples(
        'landfall dead-letters replay stripe:evt_123 --by ada --reason "API key renewed"',
        'landfall dead-letters replay --source stripe --error LANDFALL_VENDOR_REFUSED --dry-run',
      ),
    )
    .action((ref: DeadLetterRef | undefined, options: DecideOptions, sub: Command) =>
      decide('replay', ref, options, sub),
    );

  decision('discard', 'close it for good without processing the event')
    .option('--reason <text>', 'why')
    .addHelpText(
      'after',
      examples(
        'landfall dead-letters discard stripe:evt_123 --by ada --reason "test data"',
        'landfall dead-letters discard --type "test.*" --older-than 7d --by ada --reason "test data" --yes',
      ),
    )
    .action((ref: DeadLetterRef | undefined, options: DecideOptions, sub: Command) =>
      decide('discard', ref, options, sub),
    );

  decision('investigate', 'mark that somebody looks into it; it stays open')
    .option('--owner <name>', 'who looks into it')
    .option('--note <text>', 'what is known')
    .addHelpText(
      'after',
      examples(
        'landfall dead-letters investigate stripe:evt_123 --by ada --owner bob --note "asked the vendor"',
      ),
    )
    .action((ref: DeadLetterRef | undefined, options: DecideOptions, sub: Command) =>
      decide('investigate', ref, options, sub),
    );

  return command;

  function decision(kind: BulkKind, description: string): Command {
    return addDecideOptions(command.command(kind).argument('[id]', idSense, readId).description(description));
  }

  async function decide(
    kind: BulkKind,
    ref: DeadLetterRef | undefined,
    options: DecideOptions,
    sub: Command,
  ): Promise<void> {
    if ((ref === undefined) !== (options.all === true || saysWhich(options))) {
      throw new InvalidArgumentError(
        'Name one dead letter by its id, or many by --source, --type, --error, --older-than, --newer-than or --all.',
      );
    }
    const { dryRun = false } = options;
    if (ref !== undefined && dryRun) throw new InvalidArgumentError('--dry-run counts many: name no id.');
    const decided = readDecision(kind, options, sub);
    if (ref === undefined) process.exitCode = await decideAll(kind, decided, options);
    else if (decided !== null) {
      process.exitCode = await run((deadLetters) => decideOne(deadLetters, kind, ref, decided, options));
    }
  }

  async function decideAll(
    kind: BulkKind,
    decided: DecisionMade | null,
    options: DecideOptions,
  ): Promise<number> {
    const { canary, perMinute, limit, includeNew = false, name, wait } = options;
    const env = await environment();
    const { taskQueue } = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
    const care = { canary, perMinute, atMost: limit ?? null, includeNew };
    const request =
      decided === null ? null : { kind, ...decided, ...care, ...(name === undefined ? {} : { name }) };
    return withTemporal(env, (client) =>
      decideMany(createBulkActions(client, taskQueue), readLetterOptions(options, Date.now()), request, {
        ...options,
        wait: wait !== false,
      }),
    );
  }
}

const idSense = '<source>:<event id>, with or without "dead-letter:" before it';

function readId(id: string): DeadLetterRef {
  const parsed = parseDeadLetterId(id);
  if (parsed === null) {
    throw new InvalidArgumentError('Give <source>:<event id>, as "landfall dead-letters list" shows them.');
  }
  return parsed;
}
