import { InvalidArgumentError } from 'commander';
import ms from 'ms';

/** A duration such as `30s` or `5m`, in milliseconds. */
export function readDuration(text: string): number {
  const milliseconds = ms(text as ms.StringValue) as number | undefined;
  if (milliseconds === undefined || !(milliseconds > 0)) {
    throw new InvalidArgumentError('Give a duration such as 30s, 5m or 2h.');
  }
  return milliseconds;
}
