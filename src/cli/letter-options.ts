import type { Command } from 'commander';
import type { LetterFilter } from '../model/bulk.ts';
import { readDuration } from './read-duration.ts';
import { readType } from './read-type.ts';

/** Which dead letters, as it is said on the command line. */
export interface LetterOptions {
  source?: string;
  type?: string;
  error?: string;
  /** Milliseconds. */
  olderThan?: number;
  /** Milliseconds. */
  newerThan?: number;
}

/** Gives a command the options by which dead letters are found. */
export function addLetterOptions(command: Command): Command {
  return command
    .option('--source <name>', 'of one source')
    .option('--type <type>', 'of this type; "customer.*" for all that begin so', readType)
    .option('--error <code>', 'that first failed with this code')
    .option('--older-than <duration>', 'that have been open for longer, such as 2h', readDuration)
    .option('--newer-than <duration>', 'that have been open for less', readDuration);
}

/** Whether anything was said about which. */
export function saysWhich({ source, type, error, olderThan, newerThan }: LetterOptions): boolean {
  return [source, type, error, olderThan, newerThan].some((option) => option !== undefined);
}

/** The filter that is meant, its ages counted from now. */
export function readLetterOptions(
  { source, type, error, olderThan, newerThan }: LetterOptions,
  now: number,
): LetterFilter {
  const before = (milliseconds: number) => new Date(now - milliseconds).toISOString();
  return {
    ...(source === undefined ? {} : { source }),
    ...(type === undefined ? {} : { type }),
    ...(error === undefined ? {} : { error }),
    ...(olderThan === undefined ? {} : { openedBefore: before(olderThan) }),
    ...(newerThan === undefined ? {} : { openedAfter: before(newerThan) }),
  };
}
