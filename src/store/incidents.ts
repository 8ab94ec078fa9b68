import { randomUUID } from 'node:crypto';
import { and, asc, desc, eq, gt, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import type { AlertKind } from '../model/alerts.ts';
import { type AlertMessage, begunMessage, endedMessage, type Incident, settle } from '../model/incidents.ts';
import { alertMessages, alertSilences, incidents } from './alert-schema.ts';
import type { AlertStore } from './alert-store.ts';
import type { Database, Queries } from './database.ts';
import { lock } from './lock.ts';

type Incidents = Pick<AlertStore, 'settleIncidents' | 'listIncidents' | 'silenceAlert' | 'unsilenceAlert'>;

const keptFor = sql`interval '90 days'`;
/** Ended ones that are listed beside those that are not over. */
const listedEnded = 5;

/** The tables `incidents` and `alert_silences`, and new rows of `alert_messages`. */
export function createIncidents(database: Database): Incidents {
  return {
    settleIncidents: ({ judgements, channels, now, settleMilliseconds }) =>
      database.transaction(async (queries) => {
        await lock(queries, [['table', 'incidents']]);
        const open = await selectOpen(queries);
        const silences = await selectSilences(queries);
        const messages: { incident: string; message: AlertMessage }[] = [];
        const tell = (incident: string, message: AlertMessage) => messages.push({ incident, message });
        for (const step of settle(open, judgements, silences, { now, settleMilliseconds })) {
          switch (step.kind) {
            case 'begin': {
              const begun = await begin(queries, { ...step.key, ...step.finding }, step.tell, now);
              if (step.tell) tell(begun.id, begunMessage(begun));
              break;
            }
            case 'go-on': {
              const { incident, finding } = step;
              const told = incident.told || step.tell;
              await change(queries, incident, { finding, told, clearSince: null });
              if (step.tell) tell(incident.id, begunMessage({ ...incident, ...finding }));
              break;
            }
            case 'clear':
              await change(queries, step.incident, { clearSince: new Date(now).toISOString() });
              break;
            case 'end': {
              const ended = { ...step.incident, endedAt: step.endedAt };
              await change(queries, ended, { endedAt: step.endedAt, clearSince: step.endedAt });
              if (step.tell) tell(ended.id, endedMessage(ended));
            }
          }
        }
        const waiting = { state: 'waiting' as const, attempts: 0, dueAt: sql`clock_timestamp()` };
        const rows = messages.flatMap(({ incident, message }) =>
          channels.map((channel) => {
            const { id, phase } = message;
            return { id, channel, incident, phase, message, ...waiting };
          }),
        );
        if (rows.length > 0) await queries.insert(alertMessages).values(rows);
        // Their messages go with them.
        await queries.delete(incidents).where(lt(incidents.endedAt, sql`now() - ${keptFor}`));
      }),

    listIncidents: ({ ended: limit } = { ended: listedEnded }) =>
      database.run(async (queries) => {
        const ended = await queries
          .select()
          .from(incidents)
          .where(isNotNull(incidents.endedAt))
          .orderBy(desc(incidents.endedAt), asc(incidents.id))
          .limit(limit);
        return {
          open: await selectOpen(queries),
          ended: ended.map((row) => ({ ...toIncident(row), endedAt: row.endedAt ?? '' })),
          silences: await selectSilences(queries),
        };
      }),

    silenceAlert: ({ kind, source, ...decided }) =>
      database.run(async (queries) => {
        await queries
          .insert(alertSilences)
          .values({ kind, source: source ?? '', ...decided })
          .onConflictDoUpdate({ target: [alertSilences.kind, alertSilences.source], set: decided });
        await queries.delete(alertSilences).where(lt(alertSilences.until, sql`now() - ${keptFor}`));
      }),

    unsilenceAlert: ({ kind, source }) =>
      database.run(async (queries) => {
        const gone = await queries
          .delete(alertSilences)
          .where(
            and(
              eq(alertSilences.kind, kind),
              eq(alertSilences.source, source ?? ''),
              gt(alertSilences.until, sql`now()`),
            ),
          )
          .returning({ kind: alertSilences.kind });
        return gone.length > 0;
      }),
  };
}

async function selectOpen(queries: Queries): Promise<Incident[]> {
  const rows = await queries
    .select()
    .from(incidents)
    .where(isNull(incidents.endedAt))
    .orderBy(asc(incidents.beganAt), asc(incidents.id));
  return rows.map(toIncident);
}

async function selectSilences(queries: Queries) {
  const rows = await queries
    .select()
    .from(alertSilences)
    .where(gt(alertSilences.until, sql`now()`))
    .orderBy(asc(alertSilences.until));
  return rows.map(({ kind, source, ...row }) => ({
    ...row,
    kind: kind as AlertKind | 'any',
    source: source === '' ? null : source,
  }));
}

async function begin(
  queries: Queries,
  { kind, source, ...finding }: Pick<Incident, 'kind' | 'source' | 'title' | 'text' | 'cause'>,
  told: boolean,
  now: number,
): Promise<Incident> {
  const id = randomUUID();
  const beganAt = new Date(now).toISOString();
  await queries.insert(incidents).values({ id, kind, source: source ?? '', finding, beganAt, told });
  return { id, kind, source, ...finding, beganAt, clearSince: null, told };
}

async function change(
  queries: Queries,
  { id }: Pick<Incident, 'id'>,
  parts: Partial<Pick<typeof incidents.$inferInsert, 'finding' | 'told' | 'clearSince' | 'endedAt'>>,
): Promise<void> {
  await queries.update(incidents).set(parts).where(eq(incidents.id, id));
}

function toIncident({
  id,
  kind,
  source,
  finding,
  beganAt,
  clearSince,
  told,
}: typeof incidents.$inferSelect): Incident {
  // Rows are written by `begin` alone.
  const key = { kind: kind as AlertKind, source: source === '' ? null : source };
  return { id, ...key, ...finding, beganAt, clearSince, told };
}
