import { MockActivityEnvironment } from '@temporalio/testing';
import pino from 'pino';
import { expect, test } from 'vitest';
import { createRedeliverMissed } from '../../../activities/redeliver-missed.ts';
import { createMetrics } from '../../../src/monitoring/metrics.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import { makeGithub } from '../../support/github.ts';

function activityOf(redeliverMissed?: NonNullable<Source['redeliverMissed']>) {
  const metrics = createMetrics();
  const source: Source = { ...makeGithub(), ...(redeliverMissed === undefined ? {} : { redeliverMissed }) };
  const activity = createRedeliverMissed({
    sources: new Map([[source.name, source]]),
    metrics,
    logger: pino({ enabled: false }),
  });
  const environment = new MockActivityEnvironment();
  return {
    metrics,
    environment,
    run: () => environment.run(activity, { source: 'github', since: '2026-01-01T00:00:00Z' }),
  };
}

test('has the source ask, and counts what was asked for', async () => {
  const ranges: unknown[] = [];
  const { metrics, run } = activityOf((range) => {
    ranges.push(range);
    return Promise.resolve({ looked: 12, asked: 3 });
  });
  expect(await run()).toEqual({ looked: 12, asked: 3 });
  expect(ranges).toEqual([{ since: '2026-01-01T00:00:00Z' }]);
  expect(await metrics.registry.metrics()).toContain('landfall_redeliveries_asked_total{source="github"} 3');
});

test('asks for nothing where the source cannot', async () => {
  const { metrics, run } = activityOf();
  expect(await run()).toEqual({ looked: 0, asked: 0 });
  expect(await metrics.registry.metrics()).not.toContain('landfall_redeliveries_asked_total{');
});

test('ends when it is cancelled', async () => {
  let begun = (): void => undefined;
  const looking = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const { environment, run } = activityOf(
    (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('cancelled')));
        begun();
      }),
  );
  const running = expect(run()).rejects.toThrow('cancelled');
  await looking;
  environment.cancel();
  await running;
});
