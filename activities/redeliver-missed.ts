import type { ActivityDependencies } from './dependencies.ts';
import { findSource } from './find-source.ts';
import { heartbeating } from './heartbeating.ts';
import type { Activities } from './types.ts';

/** Has the vendor send again what it could not deliver. */
export function createRedeliverMissed({
  sources,
  metrics,
  logger,
}: Pick<ActivityDependencies, 'sources' | 'metrics' | 'logger'>): Activities['redeliverMissed'] {
  return async ({ source: name, since }) => {
    const source = findSource(sources, name);
    const redeliverMissed = source.redeliverMissed?.bind(source);
    if (redeliverMissed === undefined) return { looked: 0, asked: 0 };
    const { looked, asked } = await heartbeating((signal) => redeliverMissed({ since }, { signal }));
    metrics.redeliveriesAsked.inc({ source: name }, asked);
    logger.info({ source: name, looked, asked }, 'asked for what was not delivered');
    return { looked, asked };
  };
}
