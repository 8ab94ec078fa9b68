import { createHash } from 'node:crypto';
import { initial } from './0001-initial.ts';
import { eventFirstAt } from './0002-event-first-at.ts';
import { eventFirstAtChecked } from './0003-event-first-at-checked.ts';
import { processedByMonth } from './0004-processed-by-month.ts';
import type { Migration } from './migration.ts';

/** Every migration in its order: append only. */
export const journal: readonly Migration[] = [initial, eventFirstAt, eventFirstAtChecked, processedByMonth];

/** What tells an edited migration from the one that a database has. */
export function checksum(migration: Migration): string {
  return createHash('sha256').update(JSON.stringify(migration.statements)).digest('hex');
}
