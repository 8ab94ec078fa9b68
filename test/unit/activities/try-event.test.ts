import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import type { ReferToRecord } from '../../../activities/refer-to-record.ts';
import { createTryEvent } from '../../../activities/try-event.ts';
import type { LandingInput, LandingSteps } from '../../../src/model/land-event.ts';

const entity = { type: 'customer', id: 'cus_1' };
const inputOf = (source: string): LandingInput => ({
  event: {
    source,
    id: 'evt_1',
    type: 'customer.updated',
    entity,
    announced: null,
    occurredAt: null,
    deletes: false,
    snapshot: null,
    bodySha256: '',
    receivedAt: '2026-01-01T00:00:00.000Z',
    foundBy: 'webhook',
  },
  entity,
  nonce: null,
});
const incoming = {
  entity,
  version: '1',
  sourceTime: null,
  data: {},
  deleted: false,
  deletionAnnounced: false,
  fetched: true,
  basis: 0,
};
const redact = (text: string) => text;
const referToRecord: ReferToRecord = (_source, record) => Promise.resolve(record);
const run = (tryEvent: ReturnType<typeof createTryEvent>, source: string) =>
  new MockActivityEnvironment().run(tryEvent, inputOf(source));

test('a vendor that answers slowly fills its own places, and the rest of its events go the ordinary way', async () => {
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const steps: LandingSteps = {
    fetchRecord: async ({ event }) => {
      if (event.source === 'slow') await answered;
      return { kind: 'duplicate' };
    },
    applyRecord: () => Promise.reject(new Error('not reached')),
    deliver: () => Promise.reject(new Error('not reached')),
  };
  const tryEvent = createTryEvent(steps, { sources: new Map(), redact, referToRecord });
  const waiting = Array.from({ length: 32 }, () => run(tryEvent, 'slow'));

  expect(await run(tryEvent, 'slow')).toEqual({ kind: 'deferred' });
  expect(await run(tryEvent, 'quick')).toMatchObject({ kind: 'landed' });
  answer();
  await Promise.all(waiting);
  expect(await run(tryEvent, 'slow')).toMatchObject({ kind: 'landed' });
});

test('a record that other events keep writing is left to a workflow, which waits without a slot', async () => {
  let fetches = 0;
  const steps: LandingSteps = {
    fetchRecord: () => {
      fetches += 1;
      return Promise.resolve({ kind: 'record', incoming });
    },
    applyRecord: () => Promise.resolve({ kind: 'refetch', revision: 2 }),
    deliver: () => Promise.reject(new Error('not reached')),
  };
  expect(await run(createTryEvent(steps, { sources: new Map(), redact, referToRecord }), 'demo')).toEqual({
    kind: 'deferred',
  });
  expect(fetches).toBe(3);
});

test('a failure says at which step, and what was done before it', async () => {
  const steps: LandingSteps = {
    fetchRecord: () => Promise.resolve({ kind: 'record', incoming }),
    applyRecord: () =>
      Promise.resolve({
        kind: 'done',
        outcome: 'applied',
        previous: null,
        pending: ['crm'],
        deadLetterOpen: false,
      }),
    deliver: () => Promise.reject(new Error('refused')),
  };
  await expect(
    run(createTryEvent(steps, { sources: new Map(), redact, referToRecord }), 'demo'),
  ).rejects.toMatchObject({
    message: 'refused',
    // With what was written, so that the next attempt hands on the same.
    details: [{ attempt: 1, step: 'deliver crm', applied: { incoming, delivered: [] } }],
  });
});
