import { Command, InvalidArgumentError, Option } from 'commander';
import { LandfallError } from '../../errors.ts';
import type { DeadLetterEntry } from '../../model/dead-letter.ts';
import { deadLetterWorkflowId, parseDeadLetterId } from '../../model/ids.ts';
import {
  createDeadLetters,
  type DeadLetterFilter,
  type DeadLetterRef,
  type DeadLetters,
  type Decided,
} from '../../temporal/dead-letters.ts';
import { describeCase } from '../describe-case.ts';
import { describeAge } from '../describe-age.ts';
import { examples } from '../examples.ts';
import { readableSubject } from '../readable-subject.ts';
import { readDuration } from '../read-duration.ts';
import { readNumber } from '../read-number.ts';
import { renderTable } from '../table.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

interface Selection {
  source?: string;
  error?: string;
  all?: boolean;
  wait: number;
}

/** `landfall dead-letters`: see the queue of dead letters and decide about them. */
export function deadLettersCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('dead-letters')
    .description('see the dead letters and decide about them')
    .addHelpText(
      'after',
      examples(
        'landfall dead-letters list --source stripe',
        'landfall dead-letters replay --all --by ada@example.com --reason "the vendor is back"',
      ),
    );
  const run = async (use: (deadLetters: DeadLetters) => Promise<void>) =>
    withTemporal(await environment(), (client) => use(createDeadLetters(client)));

  command
    .command('list', { isDefault: true })
    .description('the open ones, the oldest first')
    .option('--source <name>', 'of one source')
    .option('--error <code>', 'that first failed with this code')
    .option('--limit <count>', 'at most so many', readNumber({ min: 1, max: 100_000, whole: true }), 100)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', examples('landfall dead-letters list --source stripe --json'))
    .action((options: DeadLetterFilter & { json?: boolean }) =>
      run(async (deadLetters) => {
        const rows = await deadLetters.list(options);
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
        const { state, subject: whole } = await deadLetters.show(ref);
        const subject = await readableSubject(await environment(), ref.source, whole);
        console.log(
          options.json === true ? JSON.stringify({ state, subject }, null, 2) : describeCase(state, subject),
        );
      }),
    );

  decision('replay', 'process the event again with what the vendor has today')
    .requiredOption('--reason <text>', 'why')
    .addHelpText(
      'after',
      examples('landfall dead-letters replay stripe:evt_123 --by ada --reason "API key renewed"'),
    )
    .action((ref: DeadLetterRef | undefined, options: Selection & { by: string; reason: string }) =>
      decideAll(ref, options, (deadLetters, each) => deadLetters.replay(each, pick(options), options.wait)),
    );

  decision('discard', 'close it for good without processing the event')
    .requiredOption('--reason <text>', 'why')
    .addHelpText(
      'after',
      examples('landfall dead-letters discard stripe:evt_123 --by ada --reason "test data"'),
    )
    .action((ref: DeadLetterRef | undefined, options: Selection & { by: string; reason: string }) =>
      decideAll(ref, options, (deadLetters, each) => deadLetters.discard(each, pick(options), options.wait)),
    );

  decision('investigate', 'mark that somebody looks into it; it stays open')
    .requiredOption('--owner <name>', 'who looks into it')
    .requiredOption('--note <text>', 'what is known')
    .addHelpText(
      'after',
      examples(
        'landfall dead-letters investigate stripe:evt_123 --by ada --owner bob --note "asked the vendor"',
      ),
    )
    .action(
      (
        ref: DeadLetterRef | undefined,
        { by, owner, note, ...rest }: Selection & { by: string; owner: string; note: string },
      ) =>
        decideAll(ref, rest, (deadLetters, each) =>
          deadLetters.investigate(each, { by, owner, note }, rest.wait),
        ),
    );

  return command;

  function decision(name: string, description: string): Command {
    return command
      .command(name)
      .argument('[id]', idSense, readId)
      .description(description)
      .requiredOption('--by <name>', 'who decides')
      .option('--source <name>', 'instead of an id: all open ones of this source')
      .option('--error <code>', 'instead of an id: all open ones that first failed with this code')
      .option('--all', 'instead of an id: all open ones')
      .addOption(
        new Option('--wait <duration>', 'how long to wait for the answer')
          .argParser(readDuration)
          .default(120_000, '2m'),
      );
  }

  async function decideAll(
    ref: DeadLetterRef | undefined,
    { source, error, all }: Selection,
    decide: (deadLetters: DeadLetters, ref: DeadLetterRef) => Promise<Decided>,
  ): Promise<void> {
    const many = all === true || source !== undefined || error !== undefined;
    if ((ref === undefined) !== many) {
      throw new InvalidArgumentError(
        'Name one dead letter by its id, or many by --source, --error or --all.',
      );
    }
    const filter = {
      ...(source === undefined ? {} : { source }),
      ...(error === undefined ? {} : { error }),
      limit: 10_000,
    };
    await run(async (deadLetters) => {
      const refs = ref === undefined ? await deadLetters.list(filter) : [ref];
      if (refs.length === 0) console.log('No dead letter is open.');
      const failed = await decideEach(refs, (each) => decide(deadLetters, each));
      if (refs.length > 1) console.log(`${refs.length - failed} done, ${failed} not`);
      if (failed > 0) process.exitCode = 1;
    });
  }
}

const idSense = '<source>:<event id>, with or without "dead-letter:" before it';

function pick({ by, reason }: { by: string; reason: string }) {
  return { by, reason };
}

/** A batch is carried out a few at a time; it fails where one of them did. */
const atOnce = 5;

/** @returns how many could not be decided */
async function decideEach(
  refs: readonly DeadLetterRef[],
  decide: (ref: DeadLetterRef) => Promise<Decided>,
): Promise<number> {
  const waiting = [...refs];
  let failed = 0;
  const worker = async () => {
    for (let ref = waiting.shift(); ref !== undefined; ref = waiting.shift()) {
      if (!(await decideOne(ref, decide, refs.length > 1))) failed += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, worker));
  return failed;
}

async function decideOne(
  ref: DeadLetterRef,
  decide: (ref: DeadLetterRef) => Promise<Decided>,
  inBatch: boolean,
): Promise<boolean> {
  const id = deadLetterWorkflowId(ref.source, ref.eventId);
  try {
    const decided = await decide(ref);
    for (const entry of decided.entries) console.log(`${id}: ${entry.what}: ${entry.text}`);
    if (!decided.answered) console.log(`${id}: no answer yet; it goes on: landfall dead-letters show ${id}`);
    return decided.answered && !decided.entries.some(isBad);
  } catch (error) {
    // One case that was closed meanwhile does not end the batch.
    if (!inBatch || !(error instanceof LandfallError)) throw error;
    console.error(`${id}: ${error.message}`);
    return false;
  }
}

function isBad(entry: DeadLetterEntry): boolean {
  return entry.what === 'failed' || entry.what === 'refused';
}

function readId(id: string): DeadLetterRef {
  const parsed = parseDeadLetterId(id);
  if (parsed === null) {
    throw new InvalidArgumentError('Give <source>:<event id>, as "landfall dead-letters list" shows them.');
  }
  return parsed;
}
