import { InvalidArgumentError } from 'commander';
import ms from 'ms';

/** A duration such as `30s` or `5m`, in milliseconds. */
export function readDuration(text: string): number {
  // Of an empty text, ms throws an error of its own.
  const milliseconds = text === '' ? undefined : (ms(text as ms.StringValue) as number | undefined);
  if (milliseconds === undefined || !(milliseconds > 0)) {
    throw new InvalidArgumentError('Give a duration such as 30s, 5m or 2h.');
  }
  return milliseconds;
}
