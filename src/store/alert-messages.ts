import { and, count, eq, lte, sql } from 'drizzle-orm';
import { alertMessages } from './alert-schema.ts';
import type { AlertStore } from './alert-store.ts';
import type { Database } from './database.ts';

type AlertMessages = Pick<
  AlertStore,
  'countAlertMessages' | 'claimAlertMessage' | 'markAlertSent' | 'postponeAlertMessage'
>;

const isDue = and(eq(alertMessages.state, 'waiting'), lte(alertMessages.dueAt, sql`clock_timestamp()`));

/** The table `alert_messages`: what is to be said, written with the incident and sent afterwards. */
export function createAlertMessages(database: Database): AlertMessages {
  return {
    countAlertMessages: () =>
      database.run(async (queries) => {
        const [counted] = await queries
          .select({ waiting: count() })
          .from(alertMessages)
          .where(eq(alertMessages.state, 'waiting'));
        return counted?.waiting ?? 0;
      }),

    claimAlertMessage: (leaseMilliseconds) =>
      database.transaction(async (queries) => {
        // No end is told of before its beginning was, or was given up.
        const beginning = sql`exists (
          select 1 from ${alertMessages} as earlier
          where earlier.incident = ${alertMessages.incident} and earlier.channel = ${alertMessages.channel}
            and earlier.phase = 'begun' and earlier.state = 'waiting' and ${alertMessages.phase} = 'ended'
        )`;
        const [next] = await queries
          .select()
          .from(alertMessages)
          .where(and(isDue, sql`not ${beginning}`))
          .orderBy(alertMessages.dueAt, alertMessages.id, alertMessages.channel)
          .limit(1)
          .for('update', { skipLocked: true });
        if (next === undefined) return null;
        const { channel, message } = next;
        const attempts = next.attempts + 1;
        await queries
          .update(alertMessages)
          .set({
            attempts,
            dueAt: sql`clock_timestamp() + ${leaseMilliseconds} * interval '1 millisecond'`,
          })
          .where(isMessage({ id: message.id, channel }));
        return { channel, message, attempts, since: message.endedAt ?? message.beganAt };
      }),

    markAlertSent: (message) =>
      database.run(async (queries) => {
        await queries
          .update(alertMessages)
          .set({ state: 'sent', doneAt: sql`clock_timestamp()`, error: null })
          .where(isMessage(message));
      }),

    postponeAlertMessage: (message, { error, afterMilliseconds }) =>
      database.run(async (queries) => {
        await queries
          .update(alertMessages)
          .set(
            afterMilliseconds === null
              ? { error, state: 'given-up', doneAt: sql`clock_timestamp()` }
              : { error, dueAt: sql`clock_timestamp() + ${afterMilliseconds} * interval '1 millisecond'` },
          )
          .where(isMessage(message));
      }),
  };
}

function isMessage({ id, channel }: { id: string; channel: string }) {
  return and(eq(alertMessages.id, id), eq(alertMessages.channel, channel));
}
