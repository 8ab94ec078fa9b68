import { Command } from 'commander';
import { paths } from '../../console/paths.ts';
import { tellEntity } from '../../inspection/entity-timeline.ts';
import type { EntityRef } from '../../model/event.ts';
import { describeRecord, isRecordKnown } from '../describe-record.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-codes.ts';
import { inspect } from '../inspect.ts';
import { readEntity } from '../read-entity.ts';
import type { Environment } from '../with-temporal.ts';

interface ShowOptions {
  vendor?: boolean;
  cursor?: string;
  json?: boolean;
}

/** As many as a page of the console shows: it may be the one that answers. */
const pageSize = 30;

/** `landfall records`: the whole story of one record. */
export function recordsCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('records')
    .description('see what happened to a record')
    .addHelpText('after', examples('landfall records show stripe customer/cus_123 --vendor'));
  command
    .command('show')
    .argument('<source>', 'the source, with its account where it has some: stripe, or stripe/eu')
    .argument('<entity>', '<type>/<id>, such as customer/cus_123', readEntity)
    .description('all that happened to it, the newest first, and our copy')
    .option('--vendor', 'ask the vendor for it as well, and compare')
    .option('--cursor <text>', 'what happened before that: as the command has said it')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('landfall records show stripe customer/cus_123 --vendor'))
    .action(
      async (source: string, entity: EntityRef, { vendor = false, cursor, json = false }: ShowOptions) => {
        const path = paths.entity(source, entity, {
          ...(cursor === undefined ? {} : { cursor }),
          ...(vendor ? { vendor: '1' } : {}),
        });
        const page = { cursor: cursor ?? null, size: pageSize, askVendor: vendor };
        const story = await inspect(await environment(), path, (deps) =>
          tellEntity(deps, { source, entity }, page),
        );
        console.log(json ? JSON.stringify(story, null, 2) : describeRecord(story));
        const more =
          'answer' in story.temporal && story.temporal.answer.entries.length === pageSize
            ? story.temporal.answer.nextCursor
            : null;
        if (more !== null && !json) console.error(`What happened before: --cursor ${more}`);
        if (isRecordKnown(story)) return;
        console.error('Nothing is known of it. "landfall find" looks for an id in all sources.');
        process.exitCode = exitCodes.failed;
      },
    );
  return command;
}
