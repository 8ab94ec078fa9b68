import { InvalidArgumentError } from 'commander';

/** A time such as `2026-11-01` or `2026-11-01T12:00:00Z`, as ISO 8601 in UTC. */
export function readTime(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new InvalidArgumentError('Give a time such as 2026-11-01 or 2026-11-01T12:00:00Z.');
  return new Date(time).toISOString();
}
