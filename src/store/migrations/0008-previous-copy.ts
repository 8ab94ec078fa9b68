import type { Migration } from './migration.ts';

// What our copy was before an event wrote it, while a handler has yet to be told: null for most events, at all times. Added
// without a default, no row is rewritten; processes of the version before name their columns, and go on.
export const previousCopy: Migration = {
  id: 8,
  name: 'previous-copy',
  statements: [`alter table landfall.processed add column previous_copy json`],
};
