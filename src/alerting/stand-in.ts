import { type Repeated, runEvery } from '../monitoring/run-every.ts';
import type { AlertingDependencies } from './dependencies.ts';
import { judgeOnce } from './judge.ts';
import { sendAlertMessages } from './send-messages.ts';

/** Looks that workers may miss, as while they are restarted. */
const missedLooks = 3;

/**
 * Judges in place of the workers once they have missed three looks: where Temporal is down or no worker runs, the workflow that
 * judges cannot, and the receivers are what is left. What only Temporal knows stays as it is. Any number of receivers may do it at
 * the same time: the store lets each incident begin once.
 */
export function startStandIn(deps: AlertingDependencies): Repeated {
  const { store, settings, logger, now } = deps;
  const startedAt = now();
  void store.recordReceiverStart(startedAt).catch((error: unknown) => {
    logger.warn({ err: error }, 'the start of this receiver could not be noted');
  });
  return runEvery(settings.everyMilliseconds, async (signal) => {
    try {
      const seen = await store.findObserved();
      // Whoever has just been started cannot have missed anything.
      const unjudgedSince = seen?.at ?? startedAt;
      const patience = missedLooks * settings.everyMilliseconds;
      if (now() - Math.max(unjudgedSince, startedAt) <= patience) return;
      await judgeOnce(deps, { work: null, unjudgedSince });
      await sendAlertMessages(deps, signal);
    } catch (error) {
      logger.warn({ err: error }, 'alerts cannot be judged at the moment');
    }
  });
}
