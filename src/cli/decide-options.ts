import { type Command, Option } from 'commander';
import type { BulkKind } from '../model/bulk.ts';
import { bulkDefaults } from '../temporal/bulk-actions.ts';
import { addLetterOptions, type LetterOptions } from './letter-options.ts';
import { readDuration } from './read-duration.ts';
import { readNumber } from './read-number.ts';

/** A decision about one dead letter, or about many, as it is said on the command line. */
export interface DecideOptions extends LetterOptions {
  by?: string;
  reason?: string;
  owner?: string;
  note?: string;
  all?: boolean;
  canary: number;
  perMinute: number;
  limit?: number;
  includeNew?: boolean;
  name?: string;
  dryRun?: boolean;
  yes?: boolean;
  /** Milliseconds that the answer of one is waited for; false: neither that nor the end of many. */
  wait: number | false;
  json?: boolean;
}

/** Who decides, and why; of an investigation the note is the reason. */
export interface DecisionMade {
  by: string;
  reason: string;
  owner?: string;
  via: 'cli';
}

/** Gives a command the options of a decision, but for those that say why. */
export function addDecideOptions(command: Command): Command {
  const { canary, perMinute } = bulkDefaults;
  return addLetterOptions(command.option('--by <name>', 'who decides'))
    .option('--all', 'of all')
    .option('--dry-run', 'of many: only count them')
    .option('--yes', 'of many: do not ask')
    .option(
      '--canary <count>',
      'of many: so many first, the others only where these succeed',
      readNumber({ min: 0, max: 10_000, whole: true }),
      canary,
    )
    .option(
      '--per-minute <count>',
      'of many: how fast the others follow',
      readNumber({ min: 1, max: 60_000 }),
      perMinute,
    )
    .option(
      '--limit <count>',
      'of many: so many at most',
      readNumber({ min: 1, max: 1_000_000, whole: true }),
    )
    .option('--include-new', 'of many: also those that are opened meanwhile')
    .option('--name <name>', 'of many: a name, which is never used twice. Default: the time')
    .addOption(
      new Option('--wait <duration>', 'of one: how long to wait for its answer')
        .argParser(readDuration)
        .default(120_000, '2m'),
    )
    .option('--no-wait', 'do not wait for what comes of it')
    .option('--json', 'one JSON object');
}

/**
 * The decision; null where only a count is wanted. Ends the command as it does for any option that is needed, where one is missing.
 */
export function readDecision(
  kind: BulkKind,
  { by, reason, owner, note, dryRun = false }: DecideOptions,
  command: Command,
): DecisionMade | null {
  if (dryRun) return null;
  const missing = (flags: string) => command.error(`error: required option '${flags}' not specified`);
  if (by === undefined) return missing('--by <name>');
  if (kind !== 'investigate') {
    if (reason === undefined) return missing('--reason <text>');
    return { by, reason, via: 'cli' };
  }
  if (owner === undefined) return missing('--owner <name>');
  if (note === undefined) return missing('--note <text>');
  return { by, reason: note, owner, via: 'cli' };
}
