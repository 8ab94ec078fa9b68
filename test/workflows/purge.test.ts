import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { purgeScheduleId } from '../../src/temporal/purge-schedule.ts';
import type { purge } from '../../workflows/index.ts';
import { createKeyRing } from '../../src/privacy/key-ring.ts';
import { createEntityKeys } from '../../src/privacy/entity-keys.ts';
import type { PurgeInput } from '../../src/model/retention.ts';
import { query } from '../support/create-database.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { payloadKey, recordedKey } from '../support/payload-keys.ts';
import { sha256 } from '../support/receiver.ts';
import { recordHistory } from '../support/record-history.ts';

const [old, fresh] = [payloadKey('old'), recordedKey];
const ring = (...keys: string[]) => createKeyRing(keys.join(','), () => undefined);
const day = 86_400_000;
const [unused, used] = [Buffer.from('nobody has used it'), Buffer.from('it is in use')];

describe('the purge', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({
      change: withoutListing,
      settings: { LANDFALL_KEEP_CONFLICTS: '7d', LANDFALL_PAYLOAD_KEYS: `${fresh},${old}` },
    });
  });
  afterAll(() => harness.stop());

  const conflict = (eventId: string, age: number) =>
    harness.runtime.store.addConflict(
      {
        ...{ source: harness.source.name, eventId, firstSha256: 'a', bodySha256: 'b', body: '{}' },
        ...{ bodyEncoding: 'utf8', receivedAt: new Date(Date.now() - age).toISOString() },
      },
      10_000,
    );

  test('is a schedule that every worker keeps, and takes away what is too old, in batches', async () => {
    const { client, config, store } = harness.runtime;
    // More than one batch.
    for (let index = 0; index < 520; index += 1) await conflict(`old_${index}`, 8 * day);
    await conflict('young', 6 * day);
    for (const body of [unused, used]) await store.keepBody(body, sha256(body), null);
    await query(
      config.databaseUrl ?? '',
      `update landfall.bodies set used_at = now() - interval '100 days' where sha256 = '${sha256(unused)}'`,
    );
    const subject = { source: harness.source.name, entity: { type: 'customer', id: 'cus_1' } };
    const before = await createEntityKeys(ring(old), store).of(subject);

    const schedule = client.schedule.getHandle(purgeScheduleId(config.taskQueue));
    // Its input alone is not the schedule's: an hour later is too late for a test.
    await schedule.update(({ action, ...rest }) => ({
      ...rest,
      action: { ...action, args: [{ bodiesAfterMilliseconds: 10 } satisfies PurgeInput] },
    }));
    await schedule.trigger();
    const latest = async () => (await schedule.describe()).info.recentActions.at(-1)?.action.workflow;
    await expect.poll(latest, { timeout: 30_000 }).toBeDefined();
    const { workflowId = '', firstExecutionRunId } = (await latest()) ?? {};
    const run = client.workflow.getHandle<typeof purge>(workflowId, firstExecutionRunId);
    expect(await run.result()).toEqual({ purged: { conflicts: 520, bodies: 1 }, rewrapped: 1 });
    expect(await store.readBody(sha256(unused))).toBeNull();
    expect(await store.readBody(sha256(used))).not.toBeNull();
    expect(await store.listAudit({ target: workflowId }, 10)).toMatchObject([
      {
        ...{ by: 'landfall', via: 'landfall', action: 'purge' },
        result: { outcome: 'done', text: 'Purged 520 of conflicts, 1 of bodies.' },
      },
    ]);

    expect((await store.listConflicts(harness.source.name, 10)).map(({ eventId }) => eventId)).toEqual([
      'young',
    ]);
    // The old key is of no more use.
    expect(await createEntityKeys(ring(fresh), store).find(before?.id ?? '')).toEqual(before);
    await recordHistory(client, 'purge-encrypted', { workflowId });
  });
});
