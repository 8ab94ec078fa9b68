import type { Migration } from './migration.ts';

// Keys have the collation "C": their order is the same on every machine, and an upgrade of its C library cannot break an index.
export const initial: Migration = {
  id: 1,
  name: 'initial',
  statements: [
    `create table landfall.records (
      source text collate "C" not null,
      entity_type text collate "C" not null,
      entity_id text collate "C" not null,
      version text,
      source_time timestamp(3) with time zone,
      deleted boolean not null,
      deletion_announced boolean not null,
      revision bigint not null,
      data json,
      last_event_id text not null,
      updated_at timestamp(3) with time zone not null,
      primary key (source, entity_type, entity_id)
    )`,
    `create table landfall.processed_events (
      source text collate "C" not null,
      event_id text collate "C" not null,
      outcome text not null,
      had_previous boolean not null,
      previous_version text,
      previous_source_time timestamp(3) with time zone,
      workflow_id text not null,
      run_id text not null,
      body_sha256 text not null,
      complete boolean not null,
      dead_letter_open boolean not null,
      processed_at timestamp(3) with time zone not null,
      primary key (source, event_id)
    )`,
    `create index processed_events_outcome on landfall.processed_events (source, outcome)`,
    `create table landfall.deliveries (
      source text collate "C" not null,
      event_id text collate "C" not null,
      destination text collate "C" not null,
      idempotency_key text not null,
      delivered_at timestamp(3) with time zone not null,
      primary key (source, event_id, destination)
    )`,
    `create table landfall.inbox (
      id bigint generated always as identity primary key,
      source text collate "C" not null,
      event_id text collate "C" not null,
      body_sha256 text not null,
      item json not null,
      accepted_at timestamp(3) with time zone not null,
      claimed_until timestamp(3) with time zone,
      unique (source, event_id)
    )`,
    `create table landfall.rejections (
      id bigint generated always as identity primary key,
      source text collate "C" not null,
      reason text not null,
      at timestamp(3) with time zone not null,
      sample json not null
    )`,
    `create index rejections_newest on landfall.rejections (source, at, id)`,
    `create table landfall.rejection_counts (
      source text collate "C" not null,
      reason text collate "C" not null,
      minute timestamp(3) with time zone not null,
      count integer not null,
      primary key (source, reason, minute)
    )`,
    `create index rejection_counts_minute on landfall.rejection_counts (minute)`,
    `create table landfall.conflicts (
      id bigint generated always as identity primary key,
      source text collate "C" not null,
      event_id text collate "C" not null,
      body_sha256 text collate "C" not null,
      delivery json not null,
      unique (source, event_id, body_sha256)
    )`,
    `create index conflicts_newest on landfall.conflicts (source, id)`,
    `create table landfall.cursors (
      source text collate "C" primary key,
      reconciled_until timestamp(3) with time zone not null
    )`,
    `create table landfall.reports (
      id bigint generated always as identity primary key,
      source text collate "C" not null,
      workflow_id text collate "C" not null,
      run_id text collate "C" not null,
      finished_at timestamp(3) with time zone not null,
      report json not null,
      unique (workflow_id, run_id)
    )`,
    `create index reports_newest on landfall.reports (source, finished_at, id)`,
  ],
};
