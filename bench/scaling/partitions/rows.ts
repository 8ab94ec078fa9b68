import { createHash, randomUUID } from 'node:crypto';
import { startOfMonth } from './layouts.ts';

/** Rows of about 250 bytes, each made from its number alone, so that a look-up can name one that is there. */
export const sources = ['acme', 'github', 'shopify', 'stripe'] as const;

/** The rows `from` (inclusive) to `to` (exclusive) of a month, spread over it, as SELECT. Their ids are in random order. */
export function selectRows(month: number, from: number, to: number): string {
  const start = `timestamptz '${startOfMonth(month)}'`;
  const at = `${start} + (n - ${from}) * ((timestamptz '${startOfMonth(month + 1)}' - ${start}) / ${to - from})`;
  const source = `(array['${sources.join("','")}'])[1 + n % ${sources.length}]`;
  // One hash a row, since hashing is most of what loading costs; OFFSET 0 keeps it from being worked out for each column.
  return `
    select source, event_id, 'applied', true, n::text, at, source || ':' || event_id,
      reverse(event_id), hash || hash, true, false, at, at
    from (
      select n, ${source} as source, hash, hash::uuid::text as event_id, ${at} as at
      from (select n, md5(n::text) as hash from generate_series(${from}, ${to - 1}) as n offset 0) as hashed
      offset 0
    ) as made`;
}

/** The key of a row that was loaded. */
export function keyOf(number: number): [source: string, eventId: string] {
  const hex = createHash('md5').update(String(number)).digest('hex');
  const eventId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  return [sources[number % sources.length] ?? sources[0], eventId];
}

/** The values of a row that is not there yet, first seen at `at`. */
export function freshRow(at: Date): unknown[] {
  const [source, eventId] = freshKey();
  const hash = createHash('sha256').update(eventId).digest('hex');
  const done = ['applied', true, '7', at, `${source}:${eventId}`, randomUUID(), hash, true, false, at, at];
  return [source, eventId, ...done];
}

/** A key that is in no row. */
export function freshKey(): [source: string, eventId: string] {
  return [sources[Math.floor(Math.random() * sources.length)] ?? sources[0], randomUUID()];
}
