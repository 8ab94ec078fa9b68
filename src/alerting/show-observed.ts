import { type Repeated, runEvery } from '../monitoring/run-every.ts';
import type { AlertingDependencies } from './dependencies.ts';

const everyMilliseconds = 10_000;

/** Shows what a worker saw when it judged last in the metrics of this process: every process shows the same. */
export function showObserved({
  store,
  metrics,
  logger,
}: Pick<AlertingDependencies, 'store' | 'metrics' | 'logger'>): Repeated {
  return runEvery(everyMilliseconds, async () => {
    try {
      const seen = await store.findObserved();
      if (seen === null) return;
      const { open } = await store.listIncidents();
      metrics.showObserved(seen, open);
    } catch (error) {
      logger.debug({ err: error }, 'what was observed last cannot be read');
    }
  });
}
