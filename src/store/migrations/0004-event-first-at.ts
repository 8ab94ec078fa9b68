import type { Migration } from './migration.ts';

// The first of three steps that put processed_events by month, each short or without an exclusive lock, so that events go on
// being processed by this version and the one before. A row of before counts as first seen now.
export const eventFirstAt: Migration = {
  id: 4,
  name: 'event-first-at',
  statements: [
    // The default is worked out once and kept in the catalogue: no row is rewritten.
    `alter table landfall.processed_events
      add column first_at timestamp(3) with time zone not null default now()`,
    // The past reaches to the end of the next month: for as long, processes of the version before can write to it.
    `do $$ begin
      execute format(
        'alter table landfall.processed_events add constraint processed_events_past check (first_at < %L) not valid',
        (date_trunc('month', now() at time zone 'UTC') + interval '2 months') at time zone 'UTC');
    end $$`,
  ],
};
