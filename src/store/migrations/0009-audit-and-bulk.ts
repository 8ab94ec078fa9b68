import type { Migration } from './migration.ts';

// Who decided what, and the letters of bulk actions with what came of each. A letter is in one open bulk action at most.
export const auditAndBulk: Migration = {
  id: 9,
  name: 'audit-and-bulk',
  statements: [
    `create table landfall.audit (
      id text collate "C" primary key,
      at timestamp(3) with time zone not null,
      decided_by text not null,
      via text not null,
      action text collate "C" not null,
      source text collate "C",
      target text collate "C" not null,
      reason text not null,
      outcome text,
      result text,
      ended_at timestamp(3) with time zone
    )`,
    `create index audit_newest on landfall.audit (at, id)`,
    `create index audit_by_target on landfall.audit (target, at, id)`,
    `create table landfall.bulk_letters (
      bulk_id text collate "C" not null,
      source text collate "C" not null,
      event_id text collate "C" not null,
      position bigint generated always as identity,
      status text not null,
      result text,
      updated_at timestamp(3) with time zone not null,
      primary key (bulk_id, source, event_id)
    )`,
    `create unique index bulk_letters_open on landfall.bulk_letters (source, event_id) where status in ('waiting', 'asked')`,
    `create index bulk_letters_in_order on landfall.bulk_letters (bulk_id, status, position)`,
  ],
};
