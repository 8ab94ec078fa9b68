import { Command } from 'commander';
import { paths } from '../../console/paths.ts';
import { search, type SearchResult } from '../../inspection/search.ts';
import { describeEntity } from '../../model/event.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-codes.ts';
import { inspect } from '../inspect.ts';
import { renderTable } from '../table.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall find`: what is known under an id. */
export function findCommand(environment: () => Promise<Environment>): Command {
  return new Command('find')
    .description('find an event or a record by its id, wherever it is')
    .argument('<id>', 'as a whole: evt_123, stripe:evt_123, cus_123 or customer/cus_123')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('landfall find evt_123', 'landfall find customer/cus_123 --json'))
    .action(async (id: string, { json = false }: { json?: boolean }) => {
      const found = await inspect(await environment(), paths.search(id), (deps) => search(deps, id));
      console.log(json ? JSON.stringify(found) : describe(found));
      if (found.failure !== null) console.error(`${found.failure.message} Only the store was searched.`);
      if (found.events.length + found.entities.length === 0) process.exitCode = exitCodes.failed;
    });
}

function describe({ events, entities }: SearchResult): string {
  if (events.length + entities.length === 0) {
    return 'Nothing has this id. Ids are found as a whole, and as the vendor writes them.';
  }
  return renderTable(
    ['WHAT', 'SOURCE', 'ID', 'SEE IT WITH'],
    [
      ...entities.map(({ source, entity }) => {
        const name = describeEntity(entity);
        return ['record', source, name, `landfall records show ${source} ${name}`];
      }),
      ...events.map(({ source, eventId, deadLetterOpen }) => {
        const id = `${source}:${eventId}`;
        return deadLetterOpen
          ? ['open dead letter', source, eventId, `landfall dead-letters show ${id}`]
          : ['event', source, eventId, `landfall events show ${id}`];
      }),
    ],
  );
}
