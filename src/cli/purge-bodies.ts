import type { Runtime, Service } from './runtime.ts';

const dailyMilliseconds = 86_400_000;
/** After a long time without workers, dead letters first say which bodies they use: their reminders are due at once. */
const firstAfterMilliseconds = 3_600_000;

/** Drops the large bodies that nobody has used for long: an hour after the start, and then daily. */
export function purgeBodies({
  store,
  config,
  logger,
}: Pick<Runtime, 'store' | 'config' | 'logger'>): Service {
  let last: Promise<void> = Promise.resolve();
  const purge = async () => {
    try {
      const purged = await store.purgeBodies(config.keepBodiesMilliseconds);
      if (purged > 0) logger.info({ purged }, 'large bodies that nobody used any more');
    } catch (error) {
      logger.warn({ err: error }, 'unused bodies could not be dropped; tried again tomorrow');
    }
  };
  const run = () => {
    last = purge();
  };
  const first = setTimeout(run, firstAfterMilliseconds);
  const daily = setInterval(run, dailyMilliseconds);
  first.unref();
  daily.unref();
  return {
    stop: () => {
      clearTimeout(first);
      clearInterval(daily);
      return last;
    },
  };
}
