import type { Migration } from './migration.ts';

// Each source's oldest is found without reading another's backlog.
export const inboxBySource: Migration = {
  id: 3,
  name: 'inbox-by-source',
  statements: [`create index inbox_by_source on landfall.inbox (source, id)`],
};
