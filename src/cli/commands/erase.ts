import { userInfo } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { ErasureIncompleteError } from '../../errors.ts';
import { describeErasure } from '../../model/erasure.ts';
import { describeEntity, type EntityRef } from '../../model/event.ts';
import { knownForMilliseconds } from '../../privacy/entity-keys.ts';
import { startErasure } from '../../temporal/erasures.ts';
import { confirm } from '../confirm.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-codes.ts';
import { readEntity } from '../read-entity.ts';
import { findDefinitions } from '../source-definitions.ts';
import { withStore } from '../with-store.ts';
import { type Environment, withTemporal } from '../with-temporal.ts';

interface EraseOptions {
  mentioning?: string;
  reason: string;
  by?: string;
  yes?: boolean;
  json?: boolean;
  wait: boolean;
}

/** A process may begin an event under a key that it has only just read, and the event may then be some time on its way. */
const forgetMilliseconds = 2 * knownForMilliseconds;
/** Of records that mention somebody: whoever has more of them has named something else than a person. */
const mentionsAtMost = 1_000;

/** `landfall erase`: all traces of an entity, histories included. */
export function eraseCommand(environment: () => Promise<Environment>): Command {
  return new Command('erase')
    .description('erase all traces of records: their copies, histories, dead letters and keys')
    .argument('<source>', 'the source, with its account where it has some: stripe, or stripe/eu')
    .argument('[entities...]', '<type>/<id>, such as customer/cus_123', readEntities)
    .option('--mentioning <text>', 'every record of the source, too, whose copy has this text in it')
    .requiredOption('--reason <text>', 'why')
    .option('--by <name>', 'who decides. Default: who is logged in')
    .option('--yes', 'do not ask')
    .option('--no-wait', 'start it and do not wait for its end')
    .option('--json', 'print what was erased as JSON, one object a line')
    .addHelpText(
      'after',
      examples(
        'landfall erase stripe customer/cus_123 --reason "erasure request of 1 December"',
        'landfall erase stripe --mentioning ada@example.com --reason "erasure request of 1 December"',
      ),
    )
    .action(async (source: string, named: EntityRef[] | undefined, options: EraseOptions) => {
      const env = await environment();
      const config = loadConfig(env, { mode: 'command', definitions: await findDefinitions(env) });
      const { mentioning, reason, by = userInfo().username } = options;
      const found = mentioning === undefined ? [] : await findMentions(env, source, mentioning);
      const entities = withoutRepeats([...(named ?? []), ...found]);
      if (entities.length === 0) {
        if (mentioning === undefined)
          throw new InvalidArgumentError('Name what to erase, such as customer/cus_123.');
        console.error(`No copy of ${source} has this text in it.`);
        return;
      }
      for (const entity of entities) console.error(`${source} ${describeEntity(entity)}`);
      const question = `Erase ${entities.length === 1 ? 'it' : 'them'} for good?`;
      if (options.yes !== true && !(await confirm(question))) {
        process.exitCode = exitCodes.failed;
        return;
      }
      // Where the source is not on any more, the common task queue has a worker.
      const ofSource = config.sources.find(({ name }) => name === source);
      const taskQueue = ofSource?.taskQueue ?? config.taskQueue;
      await withTemporal(env, async (client) => {
        if (options.wait) {
          console.error(
            `This takes ${forgetMilliseconds / 1_000} seconds: until no process knows a key that was erased.`,
          );
        }
        await Promise.all(
          entities.map(async (entity) => {
            const input = { source, entity, by, reason, via: 'cli' as const, forgetMilliseconds };
            const handle = await startErasure(client, input, taskQueue);
            if (!options.wait) {
              console.log(handle.workflowId);
              return;
            }
            const report = await handle.result().catch((cause: unknown) => {
              throw new ErasureIncompleteError(
                `The erasure of ${describeEntity(entity)} did not come to its end: see the workflow ${handle.workflowId} in the Temporal UI, and begin it again.`,
                { cause },
              );
            });
            console.log(
              options.json === true
                ? JSON.stringify(report)
                : `${source} ${describeEntity(entity)}: ${describeErasure(report)}`,
            );
          }),
        );
        console.error('Erase it at the vendor as well: what the vendor still has, comes back.');
      });
    });
}

async function findMentions(env: Environment, source: string, text: string): Promise<EntityRef[]> {
  const found = await withStore(env, 'What mentions somebody', (store) =>
    store.findMentions(source, text, mentionsAtMost + 1),
  );
  if (found.length <= mentionsAtMost) return found;
  throw new InvalidArgumentError(
    `More than ${mentionsAtMost} records have this text in them: give one that tells a person apart.`,
  );
}

function readEntities(text: string, before: EntityRef[] = []): EntityRef[] {
  return [...before, readEntity(text)];
}

function withoutRepeats(entities: readonly EntityRef[]): EntityRef[] {
  return [...new Map(entities.map((entity) => [JSON.stringify(entity), entity])).values()];
}
