import type { Migration } from './migration.ts';

// The table of before becomes the partition of the past under its old name, with its primary key: the version before goes on
// writing to it by that name. The checked constraint spares reading it again under an exclusive lock. An index of the whole
// would have to hold the month in its key, so each partition has its own, and `Store.apply` sees to the rest.
export const processedByMonth: Migration = {
  id: 6,
  name: 'processed-by-month',
  statements: [
    `create table landfall.processed (like landfall.processed_events including defaults)
      partition by range (first_at)`,
    `do $$ begin
      execute format(
        'alter table landfall.processed attach partition landfall.processed_events for values from (minvalue) to (%L)',
        (date_trunc('month', now() at time zone 'UTC') + interval '2 months') at time zone 'UTC');
    end $$`,
    `alter table landfall.processed_events drop constraint processed_events_past`,
    // Takes what nobody made a month for.
    `create table landfall.processed_default (
      like landfall.processed_events including defaults,
      primary key (source, event_id)
    )`,
    `alter table landfall.processed attach partition landfall.processed_default default`,
  ],
};
