import { Command, InvalidArgumentError } from 'commander';
import { paths } from '../../console/paths.ts';
import { tellEvent } from '../../inspection/event-story.ts';
import { parseDeadLetterId } from '../../model/ids.ts';
import type { EventKey } from '../../store/store.ts';
import { describeEvent, isHeardOf } from '../describe-event.ts';
import { examples } from '../examples.ts';
import { exitCodes } from '../exit-codes.ts';
import { inspect } from '../inspect.ts';
import type { Environment } from '../with-temporal.ts';

/** `landfall events`: the whole story of one event. */
export function eventsCommand(environment: () => Promise<Environment>): Command {
  const command = new Command('events')
    .description('see what happened to an event')
    .addHelpText('after', examples('landfall events show stripe:evt_123'));
  command
    .command('show')
    .argument('<id>', '<source>:<event id>', readId)
    .description('how it came in, each of its runs, where it was handed on to, and other bodies under its id')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('landfall events show stripe:evt_123'))
    .action(async (key: EventKey, { json = false }: { json?: boolean }) => {
      const story = await inspect(await environment(), paths.event(key), (deps) => tellEvent(deps, key));
      console.log(json ? JSON.stringify(story, null, 2) : describeEvent(story));
      if (isHeardOf(story)) return;
      console.error('Nothing is known of it: it never came in here, or it has been forgotten since.');
      process.exitCode = exitCodes.failed;
    });
  return command;
}

function readId(id: string): EventKey {
  const parsed = parseDeadLetterId(id);
  if (parsed === null) {
    throw new InvalidArgumentError('Give <source>:<event id>, as "landfall find" shows it.');
  }
  return parsed;
}
