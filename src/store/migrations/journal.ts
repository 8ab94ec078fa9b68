import { createHash } from 'node:crypto';
import { initial } from './0001-initial.ts';
import { handedOnAs } from './0002-handed-on-as.ts';
import { inboxBySource } from './0003-inbox-by-source.ts';
import { eventFirstAt } from './0004-event-first-at.ts';
import { eventFirstAtChecked } from './0005-event-first-at-checked.ts';
import { processedByMonth } from './0006-processed-by-month.ts';
import { failuresAndArrivals } from './0007-failures-and-arrivals.ts';
import { previousCopy } from './0008-previous-copy.ts';
import { auditAndBulk } from './0009-audit-and-bulk.ts';
import { alerts } from './0010-alerts.ts';
import { bodies } from './0011-bodies.ts';
import { partitionFunctions } from './0012-partition-functions.ts';
import { entityKeys } from './0013-entity-keys.ts';
import { bodyOwners } from './0014-body-owners.ts';
import type { Migration } from './migration.ts';

/** Every migration in its order: append only. */
export const journal: readonly Migration[] = [
  initial,
  handedOnAs,
  inboxBySource,
  eventFirstAt,
  eventFirstAtChecked,
  processedByMonth,
  failuresAndArrivals,
  previousCopy,
  auditAndBulk,
  alerts,
  bodies,
  partitionFunctions,
  entityKeys,
  bodyOwners,
];

/** What tells an edited migration from the one that a database has. */
export function checksum(migration: Migration): string {
  return createHash('sha256').update(JSON.stringify(migration.statements)).digest('hex');
}
