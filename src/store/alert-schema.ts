import { bigint, boolean, integer, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Finding } from '../model/alerts.ts';
import type { AlertMessage } from '../model/incidents.ts';
import type { Observed } from './alert-store.ts';
import { instant, json, landfall } from './schema.ts';

/** What is wrong, and what was. One that is not over has no end; of each kind and source there is one of those at most. */
export const incidents = landfall.table('incidents', {
  id: text('id').primaryKey(),
  kind: text('kind').notNull(),
  /** Empty where it is about no source. */
  source: text('source').notNull(),
  finding: json('finding').$type<Finding>().notNull(),
  beganAt: instant('began_at').notNull(),
  clearSince: instant('clear_since'),
  endedAt: instant('ended_at'),
  told: boolean('told').notNull(),
});

/** What people are to be told, by each channel: written with the incident, sent afterwards. */
export const alertMessages = landfall.table(
  'alert_messages',
  {
    id: text('id').notNull(),
    channel: text('channel').notNull(),
    incident: text('incident').notNull(),
    phase: text('phase').$type<AlertMessage['phase']>().notNull(),
    message: json('message').$type<AlertMessage>().notNull(),
    state: text('state').$type<'waiting' | 'sent' | 'given-up'>().notNull(),
    attempts: integer('attempts').notNull(),
    /** When it is tried next. While one process sends it, when that one counts as dead. */
    dueAt: instant('due_at').notNull(),
    doneAt: instant('done_at'),
    /** Why the last attempt failed. */
    error: json('error').$type<string>(),
  },
  (table) => [primaryKey({ columns: [table.id, table.channel] })],
);

/** Of what nobody is to be told for a while. */
export const alertSilences = landfall.table(
  'alert_silences',
  {
    kind: text('kind').notNull(),
    /** Empty: of every source. */
    source: text('source').notNull(),
    until: instant('until').notNull(),
    by: json('decided_by').$type<string>().notNull(),
    reason: json('reason').$type<string>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.source] })],
);

/** Applied changes by the minute, and how late they were. */
export const lags = landfall.table(
  'lags',
  {
    source: text('source').notNull(),
    minute: instant('minute').notNull(),
    count: integer('count').notNull(),
    late: integer('late').notNull(),
    /** In milliseconds. */
    worst: bigint('worst', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.source, table.minute] })],
);

/** When receivers were started: what began then is likely to be ours. */
export const receiverStarts = landfall.table('receiver_starts', { at: instant('at').primaryKey() });

/** What a worker has seen when it judged last: one row. */
export const observations = landfall.table('observations', {
  id: integer('id').primaryKey(),
  observedAt: instant('observed_at').notNull(),
  observed: json('observed').$type<Observed>().notNull(),
});
