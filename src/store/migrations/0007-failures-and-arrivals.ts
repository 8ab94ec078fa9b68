import type { Migration } from './migration.ts';

// What tells an outage from a poison event, and what a source's habit is read from. Both are small and forgotten soon.
export const failuresAndArrivals: Migration = {
  id: 7,
  name: 'failures-and-arrivals',
  statements: [
    `create table landfall.failures (
      source text collate "C" not null,
      step text collate "C" not null,
      error text collate "C" not null,
      event_id text collate "C" not null,
      entity_type text collate "C" not null,
      entity_id text collate "C" not null,
      at timestamp(3) with time zone not null,
      primary key (source, step, error, event_id)
    )`,
    `create table landfall.arrivals (
      source text collate "C" not null,
      slot timestamp(3) with time zone not null,
      first_at timestamp(3) with time zone not null,
      last_at timestamp(3) with time zone not null,
      count integer not null,
      primary key (source, slot)
    )`,
  ],
};
