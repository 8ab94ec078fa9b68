import type { Migration } from './migration.ts';

// What alerts are judged by, the incidents, and who has been told of them. All of it is small: counts by the minute that are
// forgotten after a day, and incidents that are forgotten some months after their end. Texts of others are json, which takes \u0000.
export const alerts: Migration = {
  id: 10,
  name: 'alerts',
  statements: [
    `create table landfall.incidents (
      id text collate "C" primary key,
      kind text collate "C" not null,
      source text collate "C" not null,
      finding json not null,
      began_at timestamp(3) with time zone not null,
      clear_since timestamp(3) with time zone,
      ended_at timestamp(3) with time zone,
      told boolean not null
    )`,
    `create unique index incidents_open on landfall.incidents (kind, source) where ended_at is null`,
    `create index incidents_by_end on landfall.incidents (ended_at)`,
    `create table landfall.alert_messages (
      id text collate "C" not null,
      channel text collate "C" not null,
      incident text collate "C" not null references landfall.incidents (id) on delete cascade,
      phase text collate "C" not null,
      message json not null,
      state text collate "C" not null,
      attempts integer not null,
      due_at timestamp(3) with time zone not null,
      done_at timestamp(3) with time zone,
      error json,
      primary key (id, channel)
    )`,
    `create index alert_messages_by_incident on landfall.alert_messages (incident)`,
    `create index alert_messages_due on landfall.alert_messages (due_at) where state = 'waiting'`,
    `create table landfall.alert_silences (
      kind text collate "C" not null,
      source text collate "C" not null,
      until timestamp(3) with time zone not null,
      decided_by json not null,
      reason json not null,
      primary key (kind, source)
    )`,
    `create table landfall.lags (
      source text collate "C" not null,
      minute timestamp(3) with time zone not null,
      count integer not null,
      late integer not null,
      worst bigint not null,
      primary key (source, minute)
    )`,
    `create table landfall.receiver_starts (at timestamp(3) with time zone primary key)`,
    `create table landfall.observations (
      id integer primary key check (id = 1),
      observed_at timestamp(3) with time zone not null,
      observed json not null
    )`,
    `create index if not exists reports_by_source on landfall.reports (source, finished_at)`,
  ],
};
