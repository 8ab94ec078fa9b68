import type { Migration } from './migration.ts';

// Reads the whole table once, while everybody goes on reading and writing it.
export const eventFirstAtChecked: Migration = {
  id: 5,
  name: 'event-first-at-checked',
  statements: [`alter table landfall.processed_events validate constraint processed_events_past`],
};
