import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { createKeyRing } from '../../src/privacy/key-ring.ts';
import type { EntityKeys } from '../../src/privacy/entity-keys.ts';
import { createDataConverter } from '../../src/temporal/data-converter.ts';
import { bundleWorkflows } from '../../src/temporal/worker.ts';
import { payloadKey, recordedEntityKey, recordedKey } from '../support/payload-keys.ts';
import { quietRuntime } from '../support/quiet-runtime.ts';

const folder = new URL('../histories/', import.meta.url);
/** Of the record that the encrypted histories are of. */
const entityKeys: EntityKeys = {
  of: () => Promise.resolve(null),
  find: (id) =>
    Promise.resolve(
      id === recordedEntityKey.id
        ? { ...recordedEntityKey, subject: { source: 'demo', entity: { type: 'customer', id: 'cus_1' } } }
        : null,
    ),
};
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const plain = names.filter((name) => !name.includes('encrypted'));
const read = (name: string) => historyFromJSON(JSON.parse(readFileSync(new URL(name, folder), 'utf8')));

/** `npm run record-histories` records them; those of earlier releases stay, because their runs may still be open. */
describe('the workflows replay what was recorded', () => {
  let workflowBundle: { code: string };
  let tracedBundle: { code: string };
  let encrypting: { code: string };
  beforeAll(async () => {
    quietRuntime();
    workflowBundle = await bundleWorkflows();
    tracedBundle = await bundleWorkflows({ traced: true });
    encrypting = await bundleWorkflows({ encodesFailures: true });
  });

  test.for(plain)('%s', async (name) => {
    await Worker.runReplayHistory({ workflowBundle }, read(name), name);
  });

  test.for(names)('%s, once payloads are encrypted', async (name) => {
    const keys = createKeyRing(`${payloadKey('new')},${recordedKey}`, () => undefined);
    const dataConverter = createDataConverter(keys, entityKeys);
    await Worker.runReplayHistory({ workflowBundle: encrypting, dataConverter }, read(name), name);
  });

  // Tracing may be switched on while runs are under way that began without it.
  test.for(plain)('%s, on a worker with traces', async (name) => {
    let spans = 0;
    const fn = (_info: unknown, exported: readonly unknown[]) => {
      spans += exported.length;
    };
    const sinks = { exporter: { export: { fn, callDuringReplay: true } } };
    await Worker.runReplayHistory({ workflowBundle: tracedBundle, sinks }, read(name), name);
    expect(spans).toBeGreaterThan(0);
  });

  test('every kind of run is there: plain, failed, reset, each decision, continued as new', () => {
    expect(names.map((name) => name.replace('.json', ''))).toEqual(
      expect.arrayContaining([
        'erase-entity-encrypted',
        'purge-encrypted',
        'process-event-v1-applied',
        'process-event-v1-dead-lettered',
        'process-event-v1-reset',
        'process-event-v2-applied',
        'process-event-v2-dead-lettered',
        'process-event-v2-reset',
        'process-event-v3-applied',
        'process-event-v3-dead-lettered',
        'process-event-v3-reset',
        'process-event-v3-held',
        'process-event-applied',
        'process-event-dead-lettered',
        'process-event-duplicate',
        'process-event-replayed',
        'process-event-reset',
        'process-event-handed-on-at-once',
        'process-event-two-failed',
        'process-event-slow-handler',
        'dead-letter-v1-replayed',
        'dead-letter-v1-discarded',
        'dead-letter-v1-investigated',
        'dead-letter-v1-continued-as-new',
        'process-event-stored-record',
        'dead-letter-replayed',
        'dead-letter-replayed-twice',
        'dead-letter-discarded',
        'dead-letter-investigated',
        'dead-letter-resolved-by-reset',
        'dead-letter-unreadable',
        'dead-letter-stored-body',
        'dead-letter-continued-as-new',
        'reconcile-repaired',
        'reconcile-in-step',
        'reconcile-continued-as-new',
        'reconcile-v1-repaired',
        'reconcile-v1-continued-as-new',
        'reconcile-young',
        'reconcile-audit',
        'reconcile-dry-run',
        'reconcile-paused',
        'reconcile-v2-paused',
        'entity-turns',
        'process-event-in-turn',
        'process-event-held',
        'process-event-probe',
        'process-event-given-up',
        'hold-ended-by-probe',
        'hold-given-up',
        'hold-continued-as-new',
        'silence-deliveries-lost',
        'watch-silent',
        'replay-events-replayed',
        'replay-events-continued-as-new',
        'replay-events-v1-replayed',
        'replay-events-v1-continued-as-new',
        'hold-v1-given-up',
        'bulk-action-done',
        'bulk-action-canary-failed',
        'bulk-action-cancelled',
        'bulk-action-continued-as-new',
      ]),
    );
  });

  test('a history that another code made is refused', async () => {
    const history = read('process-event-v1-applied.json');
    const scheduled = history.events?.find((event) => event.activityTaskScheduledEventAttributes);
    const { activityType } = scheduled?.activityTaskScheduledEventAttributes ?? {};
    if (!activityType) throw new Error('it has an activity');
    activityType.name = 'somethingElse';
    await expect(Worker.runReplayHistory({ workflowBundle }, history, 'changed')).rejects.toBeInstanceOf(
      DeterminismViolationError,
    );
  });
});
