import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it, vi } from 'vitest';
import { createDeadLetterActivities } from '../../../activities/dead-letters.ts';
import type { ActivityDependencies } from '../../../activities/dependencies.ts';
import { createLogger } from '../../../src/monitoring/logger.ts';
import { createMetrics } from '../../../src/monitoring/metrics.ts';
import { buildInboxItem } from '../../support/build-apply.ts';

const stored = (sha256: string) => ({ sha256, bytes: 2_000_000, contentType: 'application/json' });
const failure = {
  step: 'fetchRecord',
  type: 'LANDFALL_VENDOR_UNAVAILABLE',
  message: 'It is down.',
  causes: [],
  attempts: 5,
  retryable: true,
  workflowId: null,
  runId: null,
  at: '2026-01-01T00:00:00.000Z',
};

it('a large body is in use when its dead letter is opened, and each time that it reminds', async () => {
  const renewBodies = vi.fn(() => Promise.resolve());
  const { openDeadLetter, remindDeadLetter } = createDeadLetterActivities({
    store: { renewBodies, markDeadLettered: () => Promise.resolve() },
    temporal: { openDeadLetter: () => Promise.resolve() },
    metrics: createMetrics(),
    logger: createLogger({ level: 'silent', format: 'json', redact: (text) => text }),
  } as unknown as ActivityDependencies);
  const { event } = buildInboxItem('evt_1', { payload: null, storedPayload: stored('aa') });
  const ref = { source: 'shop', eventId: 'evt_1' };
  const retry = {
    ...{ maximumAttempts: 5, initialIntervalMilliseconds: 1 },
    ...{ backoffCoefficient: 1, maximumIntervalMilliseconds: 1 },
  };
  const environment = new MockActivityEnvironment();
  const subject = { kind: 'event' as const, event };
  await environment.run(openDeadLetter, { ...ref, subject, failure, retry });
  expect(renewBodies).toHaveBeenLastCalledWith(['aa']);

  const reminder = { ...ref, openForMilliseconds: 1, escalated: false, lastError: failure.type };
  await environment.run(remindDeadLetter, { ...reminder, stored: ['aa', 'bb'] });
  expect(renewBodies).toHaveBeenLastCalledWith(['aa', 'bb']);
  // As workflows of before there were such bodies ask for it.
  await environment.run(remindDeadLetter, reminder);
  expect(renewBodies).toHaveBeenLastCalledWith([]);
});
