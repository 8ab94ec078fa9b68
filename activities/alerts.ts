import { Context } from '@temporalio/activity';
import { judgeOnce } from '../src/alerting/judge.ts';
import { sendAlertMessages } from '../src/alerting/send-messages.ts';
import { LandfallError } from '../src/errors.ts';
import type { OpenWork } from '../src/model/alerts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { Activities } from './types.ts';

type AlertActivities = Pick<Activities, 'judgeAlerts' | 'sendAlerts' | 'silenceAlert' | 'unsilenceAlert'>;

/** What is done to notice that something is wrong, and to tell people. */
export function createAlertActivities(dependencies: ActivityDependencies): AlertActivities {
  const { alerts: settings, store, temporal, logger, now } = dependencies;

  return {
    async judgeAlerts() {
      if (settings === null) return null;
      const observed = await judgeOnce(
        { ...dependencies, settings },
        { work: await listOpenWork(), unjudgedSince: null },
      );
      const judgedAt = now();
      await store.saveObserved(observed, judgedAt);
      return {
        judgedAt: new Date(judgedAt).toISOString(),
        everyMilliseconds: settings.everyMilliseconds,
        ...(await store.listIncidents()),
        waiting: await store.countAlertMessages(),
      };
    },

    async sendAlerts() {
      await sendAlertMessages(dependencies, Context.current().cancellationSignal);
      return store.countAlertMessages();
    },

    async silenceAlert(silence) {
      await store.silenceAlert(silence);
      logger.info({ ...silence }, 'an alert is silenced');
      return (await store.listIncidents()).silences;
    },

    async unsilenceAlert({ kind, source, by, reason }) {
      const found = await store.unsilenceAlert({ kind, source });
      if (found) logger.info({ kind, source, by, reason }, 'an alert is silenced no longer');
      return { found, silences: (await store.listIncidents()).silences };
    },
  };

  /** null where Temporal does not answer: the rest is judged all the same. */
  async function listOpenWork(): Promise<ReadonlyMap<string, OpenWork> | null> {
    try {
      return await temporal.listOpenWork();
    } catch (error) {
      if (!(error instanceof LandfallError)) throw error;
      logger.warn(
        { err: error },
        'what is open at Temporal cannot be listed: alerts about it stay as they are',
      );
      return null;
    }
  }
}
