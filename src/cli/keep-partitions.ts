import type { Runtime, Service } from './runtime.ts';

const dailyMilliseconds = 86_400_000;

/**
 * Makes the months ahead for the processed events and drops those that need not be kept: now, and then daily. Nothing waits
 * for it: an event without a month goes to the default partition.
 */
export function keepPartitions({
  store,
  config,
  logger,
}: Pick<Runtime, 'store' | 'config' | 'logger'>): Service {
  const keep = async () => {
    try {
      const { made, dropped } = await store.keepPartitions(config.keepProcessedMilliseconds);
      if (made.length + dropped.length > 0) logger.info({ made, dropped }, 'months of processed events');
    } catch (error) {
      logger.warn({ err: error }, 'the months of processed events could not be kept; tried again tomorrow');
    }
  };
  let last = keep();
  const timer = setInterval(() => {
    last = keep();
  }, dailyMilliseconds);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return last;
    },
  };
}
