import { Command } from 'commander';
import type { Decision } from '../../model/dead-letter.ts';
import { createHolds, type Holds } from '../../temporal/holds.ts';
import { describeAge } from '../describe-age.ts';
import { examples } from '../examples.ts';
import { renderTable } from '../table.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

const idSense = 'the id, as "landfall holds list" shows it';

/** `landfall holds`: see which sources are held, and end a hold by hand. */
export function holdsCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('holds')
    .description('see the sources that are held, and end a hold by hand')
    .addHelpText('after', examples('landfall holds list'));
  const run = async (use: (holds: Holds) => Promise<void>) =>
    withTemporal(await environment(), (client) => use(createHolds(client)));

  command
    .command('list', { isDefault: true })
    .description('the holds, the oldest first')
    .option('--json', 'one JSON object a line')
    .action((options: { json?: boolean }) =>
      run(async (holds) => {
        const rows = await holds.list();
        if (options.json === true) {
          for (const row of rows) console.log(JSON.stringify(row));
          return;
        }
        if (rows.length === 0) {
          console.log('No source is held.');
          return;
        }
        const known = (count: number | null | undefined) => (count == null ? '?' : String(count));
        console.log(
          renderTable(
            ['HELD FOR', 'HOLD', 'STATUS', 'WAITING', 'PROBES'],
            rows.map(({ workflowId, since, state }) => [
              describeAge(since),
              workflowId,
              state?.status ?? '?',
              known(state?.waiting),
              known(state?.probes),
            ]),
          ),
        );
      }),
    );

  decision('release', 'let its events try again now').action(
    (id: string, decided: { by: string; reason: string }) =>
      run(async (holds) => {
        await holds.release(id, decisionOf(decided));
        console.log(`${id}: its events try again`);
      }),
  );

  decision('give-up', 'make a dead letter of each event that waits').action(
    (id: string, decided: { by: string; reason: string }) =>
      run(async (holds) => {
        await holds.giveUp(id, decisionOf(decided));
        console.log(`${id}: its events become dead letters`);
      }),
  );

  return command;

  function decision(name: string, description: string): Command {
    return command
      .command(name)
      .argument('<id>', idSense)
      .description(description)
      .requiredOption('--by <name>', 'who decides')
      .requiredOption('--reason <text>', 'why');
  }
}

function decisionOf({ by, reason }: { by: string; reason: string }): Decision {
  return { by, reason, via: 'cli' };
}
