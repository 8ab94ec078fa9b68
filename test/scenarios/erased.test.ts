import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { openRuntime } from '../../src/cli/runtime.ts';
import { httpDestination } from '../../src/destinations/http.ts';
import { PayloadErasedError } from '../../src/errors.ts';
import type { ErasureReport } from '../../src/model/erasure.ts';
import type { EntityRef } from '../../src/model/event.ts';
import { knownForMilliseconds } from '../../src/privacy/entity-keys.ts';
import { startErasure } from '../../src/temporal/erasures.ts';
import { keyIdOf } from '../../src/temporal/payload-codec.ts';
import { dumpStore, findInLines } from '../support/dump-store.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { startHttpVendor, type HttpVendor } from '../support/http-vendor.ts';
import { recordedKey } from '../support/payload-keys.ts';
import { readRawRuns } from '../support/raw-runs.ts';
import { recordHistory } from '../support/record-history.ts';

const decided = { by: 'ada@example.com', reason: 'asked for by letter' };

const isAudit = (row: string) => row.startsWith('landfall.audit ');

/** A record, with the events that told of it. */
interface Told {
  entity: EntityRef;
  email: string;
  eventIds: string[];
}

describe('a record that is erased', { timeout: 240_000 }, () => {
  let harness: Harness;
  let crm: HttpVendor;
  let refuses = true;
  beforeAll(async () => {
    crm = await startHttpVendor(({ body }) =>
      refuses ? { status: 422, text: `refused: ${body}` } : { status: 200 },
    );
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        destinations: [httpDestination({ name: 'crm', url: crm.url })],
      }),
      settings: { LANDFALL_PAYLOAD_KEYS: recordedKey },
    });
  });
  afterAll(async () => {
    await harness.stop();
    await crm[Symbol.asyncDispose]();
  });
  afterEach(() => {
    refuses = true;
  });

  /** A record with one event that is handed on, and one that waits as a dead letter. */
  async function told(): Promise<Told> {
    refuses = false;
    const first = harness.vendor.createCustomer();
    await harness.post(first);
    await harness.event(first.id).result();
    refuses = true;
    const second = harness.vendor.update(first.data.id);
    await harness.post(second);
    await expect(harness.event(second.id).result()).rejects.toThrow();
    const { email } = first.data as { email?: unknown };
    if (typeof email !== 'string') throw new TypeError('a customer has an e-mail address');
    return {
      entity: { type: 'customer', id: first.data.id },
      email,
      eventIds: [first.id, second.id],
    };
  }

  async function erase({ entity }: Told, forgetMilliseconds = 50): Promise<ErasureReport> {
    const { runtime, source } = harness;
    const input = { source: source.name, entity, ...decided, forgetMilliseconds };
    const handle = await startErasure(runtime.client, input, runtime.config.taskQueue);
    return handle.result();
  }

  const runsOf = async ({ eventIds }: Told) =>
    (await readRawRuns(harness.runtime.client, harness.source.name)).filter(({ workflowId }) =>
      eventIds.some((id) => workflowId.endsWith(`:${id}`)),
    );
  const untilListed = (which: Told) =>
    expect.poll(() => runsOf(which).then((runs) => runs.length), { timeout: 30_000 }).toBe(3);
  const handleOf = (workflowId: string) => harness.runtime.client.workflow.getHandle(workflowId);
  const letterOf = ({ eventIds }: Told) => ({ source: harness.source.name, eventId: eventIds[1] ?? '' });

  test('is gone from Temporal and the store, and no other record is touched', async () => {
    const { runtime, source } = harness;
    const [ada, bob] = [await told(), await told()];
    await untilListed(ada);
    await untilListed(bob);

    const report = await erase(ada);
    expect(report).toMatchObject({ ended: 1, left: 0, keys: 1 });
    expect(report.deleted).toBeGreaterThanOrEqual(3);
    expect(report.rows).toMatchObject({ records: 1, processed: 2, deliveries: 1 });
    await expect.poll(() => runsOf(ada), { timeout: 90_000 }).toEqual([]);
    const dump = await dumpStore(runtime.config.databaseUrl);
    // The audit log alone names it: who erased what.
    const [noted, others] = [dump.filter(isAudit), dump.filter((row) => !isAudit(row))];
    expect(findInLines(noted, [ada.email])).toEqual([]);
    const target = `erase:${source.name}:customer/${ada.entity.id}`;
    expect(await runtime.store.listAudit({ target }, 10)).toMatchObject([
      { ...decided, via: 'temporal', action: 'erase', result: { outcome: 'done' } },
    ]);
    expect(findInLines(others, [ada.email, ada.entity.id, ...ada.eventIds])).toEqual([]);

    expect(findInLines(dump, [bob.email]).length).toBeGreaterThan(0);
    expect(await runsOf(bob)).toHaveLength(3);
    refuses = false;
    const { answered, entries } = await harness.deadLetters.replay(letterOf(bob), decided, 60_000);
    expect([answered, entries.map(({ what }) => what)]).toEqual([true, expect.arrayContaining(['resolved'])]);
    await recordHistory(runtime.client, 'erase-entity-encrypted', {
      workflowId: target,
    });
  });

  test('cannot be read in a backup of Temporal either', async () => {
    const { runtime, source } = harness;
    const ada = await told();
    const backup = historyToJSON(await handleOf(`${source.name}:${ada.eventIds[0] ?? ''}`).fetchHistory());
    const payload = () => {
      const [started] = historyFromJSON(JSON.parse(backup)).events ?? [];
      const [input] = started?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
      if (input === undefined) throw new Error('a run has an input');
      return input;
    };
    /** As a process that starts now: nothing is remembered from before. */
    const readAnew = async () => {
      const { config, target } = runtime;
      const fresh = await openRuntime(config, { target, sources: [source], dataDirectory: null });
      try {
        const [codec] = fresh.dataConverter.payloadCodecs ?? [];
        const [read] = (await codec?.decode([payload()])) ?? [];
        return Buffer.from(read?.data ?? []).toString();
      } finally {
        await fresh.close();
      }
    };
    expect(keyIdOf(payload())).toMatch(/^entity:/);
    expect(await readAnew()).toContain(ada.email);
    await erase(ada);
    await expect(readAnew()).rejects.toBeInstanceOf(PayloadErasedError);
  });

  test('leaves no run behind that began under its key while it was erased', async () => {
    const { runtime, source, vendor } = harness;
    const ada = await told();
    await untilListed(ada);
    const [letter] = (await runsOf(ada)).filter(({ workflowId }) => workflowId.startsWith('dead-letter:'));
    const key = await runtime.entityKeys?.of({ source: source.name, entity: ada.entity });
    const erasure = erase(ada, 5_000);
    await expect.poll(() => runtime.store.findEntityKey(key?.id ?? ''), { timeout: 30_000 }).toBe('erased');
    // The receiver still knows the key.
    const late = vendor.update(ada.entity.id);
    await harness.post(late);
    const { keys } = await erasure;
    expect(keys).toBe(1);
    for (const workflowId of [`${source.name}:${late.id}`, letter?.workflowId ?? '']) {
      await expect
        .poll(
          () =>
            handleOf(workflowId)
              .describe()
              .then(
                () => 'there',
                (error: unknown) => (error as Error).name,
              ),
          // The server takes its time to delete a run that has only just ended.
          { timeout: 90_000 },
        )
        .toBe('WorkflowNotFoundError');
    }
    const rows = (await dumpStore(runtime.config.databaseUrl)).filter((row) => !isAudit(row));
    expect(findInLines(rows, [ada.email, ada.entity.id])).toEqual([]);
  });

  test('can be erased again, and what the vendor tells of it later lands under a new key', async () => {
    const { runtime, source, vendor } = harness;
    const ada = await told();
    await untilListed(ada);
    const keyOf = async () =>
      (await runtime.entityKeys?.of({ source: source.name, entity: ada.entity }))?.id ?? null;
    const erased = await keyOf();
    await erase(ada);
    expect(await erase(ada)).toMatchObject({ ended: 0, left: 0, keys: 0 });
    await expect.poll(keyOf, { timeout: 2 * knownForMilliseconds }).not.toBe(erased);

    refuses = false;
    const event = vendor.update(ada.entity.id);
    expect((await harness.post(event)).status).toBe(200);
    expect(await harness.event(event.id).result()).toMatchObject({ outcome: 'applied' });
    expect(await runtime.store.findEntityKey((await keyOf()) ?? '')).toMatchObject({ entity: ada.entity });
    expect(await runtime.store.findRecord(source.name, ada.entity)).not.toBeNull();
  });
});
