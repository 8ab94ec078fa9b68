import { Context } from '@temporalio/activity';
import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import type { Activities } from './types.ts';

/** Well below the heartbeat timeout of 30 seconds. */
const heartbeatEvery = 5_000;

/** Has the vendor send again what it could not deliver. */
export function createRedeliverMissed({
  sources,
  metrics,
  logger,
}: Pick<ActivityDependencies, 'sources' | 'metrics' | 'logger'>): Activities['redeliverMissed'] {
  return async ({ source: name, since }) => {
    const source = findSource(sources, name);
    if (source.redeliverMissed === undefined) return { looked: 0, asked: 0 };
    const context = Context.current();
    const heart = setInterval(() => {
      context.heartbeat();
    }, heartbeatEvery);
    try {
      const { looked, asked } = await source.redeliverMissed(
        { since },
        { signal: context.cancellationSignal },
      );
      metrics.redeliveriesAsked.inc({ source: name }, asked);
      logger.info({ source: name, looked, asked }, 'asked for what was not delivered');
      return { looked, asked };
    } finally {
      clearInterval(heart);
    }
  };
}
