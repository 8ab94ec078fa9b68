import { WorkflowNotFoundError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startReceiver } from '../../src/cli/start-receiver.ts';
import { recordHistory } from '../support/record-history.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';

describe('an event that arrives more than once', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ change: withoutListing });
  });
  afterAll(() => harness.stop());

  test('is applied once when it is delivered 50 times at once', async () => {
    const { vendor, source, runtime } = harness;
    const event = vendor.createCustomer();
    const answers = await Promise.all(Array.from({ length: 50 }, () => harness.post(event)));

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(answers.filter(({ body }) => body.duplicate === false)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.workflowId))).toEqual(
      new Set([`${source.name}:${event.id}`]),
    );
    await expect(harness.event(event.id).result()).resolves.toMatchObject({ outcome: 'applied' });
    const record = await runtime.store.findRecord(source.name, { type: 'customer', id: event.data.id });
    expect(record).toMatchObject({ revision: 1, lastEventId: event.id });
    expect(vendor.crm().effects.filter(({ eventId }) => eventId === event.id)).toHaveLength(1);
    await recordHistory(runtime.client, 'process-event-applied', harness.event(event.id));
  });

  test('is a duplicate by the store when Temporal has forgotten its run', { timeout: 120_000 }, async () => {
    const { vendor, source, runtime } = harness;
    const event = vendor.createCustomer();
    await harness.post(event);
    await harness.event(event.id).result();
    await runtime.client.workflowService.deleteWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: `${source.name}:${event.id}` },
    });
    // The server deletes it some half a minute later.
    await vi.waitFor(
      () => expect(harness.event(event.id).describe()).rejects.toBeInstanceOf(WorkflowNotFoundError),
      { timeout: 90_000, interval: 500 },
    );

    // Another receiver: the one that took it remembers it for a while.
    const other = await startReceiver(runtime, { host: '127.0.0.1', port: 0 });
    vendor.sendTo(`${other.url}/webhooks/${source.name}`);
    await vendor.send(event);
    await other.stop();
    vendor.sendTo(`${harness.url}/webhooks/${source.name}`);

    await expect(harness.event(event.id).result()).resolves.toMatchObject({ outcome: 'duplicate' });
    expect(
      await runtime.store.findRecord(source.name, { type: 'customer', id: event.data.id }),
    ).toMatchObject({ revision: 1 });
    expect(vendor.crm().effects.filter(({ eventId }) => eventId === event.id)).toHaveLength(1);
    await recordHistory(runtime.client, 'process-event-duplicate', harness.event(event.id));
  });

  test('with another body is kept for people to see, and the first wins', async () => {
    const { vendor, source, runtime } = harness;
    const event = vendor.createCustomer();
    await harness.post(event);
    const other = await harness.post({ ...event, data: { ...event.data, name: 'Mallory' } });

    expect(other).toMatchObject({ status: 200, body: { duplicate: true } });
    await expect(harness.event(event.id).result()).resolves.toMatchObject({ outcome: 'applied' });
    const conflicts = await runtime.store.listConflicts(source.name, 10);
    expect(conflicts.filter(({ eventId }) => eventId === event.id)).toHaveLength(1);
    expect(conflicts[0]?.body).toContain('Mallory');
  });
});
