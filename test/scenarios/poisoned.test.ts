import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import type { DeadLetterState } from '../../src/model/dead-letter.ts';
import { readSearchAttribute } from '../support/read-search-attribute.ts';
import { recordHistory } from '../support/record-history.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';

const ada = { by: 'ada@example.com', reason: 'the vendor is back' };

describe('an event that cannot be processed', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({ change: withoutListing });
  });
  afterAll(() => harness.stop());
  afterEach(() => {
    harness.vendor.setFaults(noFaults);
  });

  /** An event whose five attempts have failed. */
  async function deadLettered(): Promise<{
    id: string;
    entity: { type: 'customer'; id: string };
    runId: string;
  }> {
    const { vendor } = harness;
    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    const event = vendor.createCustomer();
    await harness.post(event, { headers: { authorization: 'Bearer of-the-vendor', 'x-trace': 'abc' } });
    await expect(harness.event(event.id).result()).rejects.toThrow();
    const { runId } = await harness.event(event.id).describe();
    vendor.setFaults(noFaults);
    return { id: event.id, entity: { type: 'customer', id: event.data.id }, runId };
  }

  const show = (eventId: string) => harness.deadLetters.show({ source: harness.source.name, eventId });
  const deadLetter = (eventId: string): WorkflowHandle =>
    harness.runtime.client.workflow.getHandle(`dead-letter:${harness.source.name}:${eventId}`);
  const openCases = async (eventId: string) =>
    (await harness.deadLetters.list({ source: harness.source.name })).filter(
      (row) => row.eventId === eventId,
    );

  test('becomes exactly one dead letter with its full context after five attempts', async () => {
    const { source, runtime, vendor } = harness;
    const { id, entity, runId } = await deadLettered();

    const { state, subject } = await show(id);
    expect(state).toMatchObject<Partial<DeadLetterState>>({ status: 'open', replays: 0, eventId: id });
    expect(state.errors).toHaveLength(1);
    expect(state.errors[0]).toMatchObject({
      step: 'fetchRecord',
      type: 'LANDFALL_VENDOR_UNAVAILABLE',
      attempts: 5,
      retryable: true,
      workflowId: `${source.name}:${id}`,
      runId,
    });
    if (subject.kind !== 'event') throw new Error('it is about an event');
    expect(subject.event.payload).toMatchObject({ id, type: 'customer.created' });
    expect(subject.event.headers).toMatchObject({
      'x-trace': 'abc',
      authorization: '[redacted]',
      'webhook-signature': '[redacted]',
    });
    await expect.poll(() => openCases(id), { timeout: 20_000 }).toHaveLength(1);
    expect(await runtime.store.findEvent(source.name, id)).toMatchObject({
      outcome: 'dead-lettered',
      deadLetterOpen: true,
      complete: false,
    });
    expect(await runtime.store.findRecord(source.name, entity)).toBeNull();

    const failed = await harness.event(id).describe();
    expect(failed.status.name).toBe('FAILED');
    expect(readSearchAttribute(failed, 'LandfallOutcome')).toBe('dead-lettered');
    expect(readSearchAttribute(failed, 'LandfallError')).toBe('LANDFALL_VENDOR_UNAVAILABLE');

    const histories = JSON.stringify([
      await harness.event(id).fetchHistory(),
      await deadLetter(id).fetchHistory(),
    ]);
    for (const secret of [vendor.secret, vendor.token, 'of-the-vendor']) {
      expect(histories).not.toContain(secret);
      expect(histories).not.toContain(Buffer.from(secret).toString('base64').replaceAll('=', ''));
    }
    await recordHistory(runtime.client, 'process-event-dead-lettered', {
      workflowId: `${source.name}:${id}`,
      runId,
    });
    // A delivery of the same event does not begin it anew: its case is open.
    const again = await harness.post(subject.event.payload);
    expect(again.body).toMatchObject({ duplicate: true });
  });

  test('is told in the Temporal UI, with what an engineer can do', async () => {
    const { id } = await deadLettered();

    const details = await currentDetails(harness, `dead-letter:${harness.source.name}:${id}`);
    expect(details).toContain('LANDFALL_VENDOR_UNAVAILABLE');
    expect(details).toContain('after 5 attempts');
    expect(details).toContain('--name replay');
    expect(details).toContain('--name investigate');
    expect(details).toContain('--name discard');
    const run = await deadLetter(id).describe();
    expect(await run.staticSummary()).toContain('customer.created of customer/');
    expect(await (await harness.event(id).describe()).staticSummary()).toContain(
      'customer.created of customer/',
    );
  });

  test('is processed by a replay, and its dead letter is resolved', async () => {
    const { source, runtime, vendor } = harness;
    const { id, entity } = await deadLettered();
    vendor.update(entity.id);

    const { answered } = await harness.deadLetters.replay({ source: source.name, eventId: id }, ada, 30_000);

    expect(answered).toBe(true);
    await expect(deadLetter(id).result()).resolves.toMatchObject({ resolution: 'replayed', by: ada.by });
    // What the vendor has today, not what the event said.
    expect(await runtime.store.findRecord(source.name, entity)).toMatchObject({ version: '2' });
    expect(await runtime.store.findEvent(source.name, id)).toMatchObject({
      outcome: 'applied',
      deadLetterOpen: false,
      complete: true,
    });
    await recordHistory(runtime.client, 'dead-letter-replayed', deadLetter(id));
    await recordHistory(runtime.client, 'process-event-replayed', harness.event(id));
  });

  test('keeps one open dead letter with both errors when a replay fails again', async () => {
    const { source, runtime, vendor } = harness;
    const { id } = await deadLettered();
    vendor.setFaults({ ...noFaults, apiErrors: 1 });

    const { entries, state } = await harness.deadLetters.replay(
      { source: source.name, eventId: id },
      ada,
      30_000,
    );

    expect(entries.map(({ what }) => what)).toContain('failed');
    expect(state.errors.map(({ type }) => type)).toEqual([
      'LANDFALL_VENDOR_UNAVAILABLE',
      'LANDFALL_VENDOR_UNAVAILABLE',
    ]);
    expect(new Set(state.errors.map(({ runId }) => runId)).size).toBe(2);
    await expect.poll(() => openCases(id), { timeout: 20_000 }).toHaveLength(1);
    const runs = [];
    for await (const run of runtime.client.workflow.list({
      query: `WorkflowId = 'dead-letter:${source.name}:${id}'`,
    })) {
      runs.push(run.runId);
    }
    expect(runs).toHaveLength(1);

    vendor.setFaults(noFaults);
    await harness.deadLetters.replay({ source: source.name, eventId: id }, ada, 30_000);
    await expect(deadLetter(id).result()).resolves.toMatchObject({ resolution: 'replayed' });
    await recordHistory(runtime.client, 'dead-letter-replayed-twice', deadLetter(id));
  });

  test('is closed for good by a discard, and its record says who and why', async () => {
    const { source, runtime } = harness;
    const { id, entity } = await deadLettered();

    const decision = { by: 'bob', reason: 'test data' };
    await harness.deadLetters.discard({ source: source.name, eventId: id }, decision, 30_000);

    await expect(deadLetter(id).result()).resolves.toEqual({ resolution: 'discarded', ...decision });
    expect((await show(id)).state.audit.map(({ what, text }) => `${what} ${text}`)).toContain(
      'discard bob: test data',
    );
    expect(await runtime.store.findEvent(source.name, id)).toMatchObject({
      outcome: 'discarded',
      complete: true,
    });
    expect(await runtime.store.findRecord(source.name, entity)).toBeNull();
    await recordHistory(runtime.client, 'dead-letter-discarded', deadLetter(id));
  });

  test('stays open, with an owner, when it is investigated', async () => {
    const { source, runtime } = harness;
    const { id } = await deadLettered();

    const { state } = await harness.deadLetters.investigate(
      { source: source.name, eventId: id },
      { by: 'ada', owner: 'bob', note: 'asked the vendor' },
      30_000,
    );

    expect(state).toMatchObject({ status: 'investigating', owner: 'bob' });
    expect((await deadLetter(id).describe()).status.name).toBe('RUNNING');
    await deadLetter(id).signal('discard', { by: '', reason: 'no name' });
    await expect
      .poll(async () => (await show(id)).state.audit.at(-1)?.text, { timeout: 20_000 })
      .toContain('needs "by"');
    expect((await deadLetter(id).describe()).status.name).toBe('RUNNING');
    await harness.deadLetters.replay({ source: source.name, eventId: id }, ada, 30_000);
    await recordHistory(runtime.client, 'dead-letter-investigated', deadLetter(id));
  });

  test('resolves its dead letter when the failed run is reset and succeeds, and is applied once', async () => {
    const { source, runtime, vendor } = harness;
    const { id, entity, runId } = await deadLettered();

    const reset = await runtime.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: `${source.name}:${id}`, runId },
      reason: 'the vendor is back',
      // The end of the first workflow task: started, scheduled, started, completed.
      workflowTaskFinishEventId: 4 as never,
      requestId: id,
    });

    await expect(harness.event(id).result()).resolves.toMatchObject({ outcome: 'applied' });
    await expect(deadLetter(id).result()).resolves.toMatchObject({ resolution: 'resolved-elsewhere' });
    expect(await runtime.store.findEvent(source.name, id)).toMatchObject({
      outcome: 'applied',
      deadLetterOpen: false,
    });
    expect(vendor.crm().effects.filter(({ eventId }) => eventId === id)).toHaveLength(1);
    await recordHistory(runtime.client, 'process-event-reset', {
      workflowId: `${source.name}:${id}`,
      runId: reset.runId,
    });
    await recordHistory(runtime.client, 'dead-letter-resolved-by-reset', deadLetter(id));

    // A run that succeeded may be reset as well: nothing happens twice.
    const before = await runtime.store.findRecord(source.name, entity);
    await runtime.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: `${source.name}:${id}`, runId: reset.runId },
      reason: 'by mistake',
      workflowTaskFinishEventId: 4 as never,
      requestId: `${id}-again`,
    });
    await expect(harness.event(id).result()).resolves.toMatchObject({ outcome: 'duplicate' });
    expect(await runtime.store.findRecord(source.name, entity)).toEqual(before);
    expect(vendor.crm().effects.filter(({ eventId }) => eventId === id)).toHaveLength(1);
  });

  test('is a dead letter under the hash of its bytes when it cannot be read, and counted when it comes again', async () => {
    const { source, runtime } = harness;
    const body = Buffer.from('this is no JSON');
    const first = await harness.post(body);
    const second = await harness.post(body);

    expect(first).toMatchObject({ status: 200, body: { duplicate: false } });
    expect(first.body.eventId).toMatch(/^unreadable:[0-9a-f]{64}$/);
    expect(second).toMatchObject({ status: 200, body: { duplicate: true, eventId: first.body.eventId } });
    const id = first.body.eventId ?? '';
    await expect.poll(async () => (await show(id)).state.seen, { timeout: 20_000 }).toBe(2);
    const { subject } = await show(id);
    if (subject.kind !== 'unreadable') throw new Error('it could not be read');
    expect(subject.delivery.body).toBe('this is no JSON');
    const { state } = await harness.deadLetters.replay({ source: source.name, eventId: id }, ada, 30_000);
    expect(state.status).toBe('open');
    expect(state.errors.at(-1)).toMatchObject({ type: 'LANDFALL_EVENT_UNREADABLE' });
    await harness.deadLetters.discard({ source: source.name, eventId: id }, ada, 30_000);
    await recordHistory(runtime.client, 'dead-letter-unreadable', deadLetter(id));
  });
});

/** What the Temporal UI shows as the current details. */
async function currentDetails({ runtime }: Harness, workflowId: string): Promise<string> {
  const metadata = await runtime.client.workflow
    .getHandle(workflowId)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}
