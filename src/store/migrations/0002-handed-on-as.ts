import type { Migration } from './migration.ts';

// The version in the idempotency keys of an event: null for events of before, and where nothing was handed on.
export const handedOnAs: Migration = {
  id: 2,
  name: 'handed-on-as',
  statements: [`alter table landfall.processed_events add column handed_on_as text`],
};
