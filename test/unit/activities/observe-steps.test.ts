import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Destination } from '../../../src/destinations/define-destination.ts';
import { DestinationRefusedError } from '../../../src/errors.ts';
import type { Store } from '../../../src/store/store.ts';
import { createLandOnce, shopSource } from '../../support/land-once.ts';
import { openTestStore } from '../../support/receiver.ts';

const refusal = 'The CRM refuses it: hidden-value.';
const destination = (name: string, deliver: () => Promise<void>): Destination => ({ name, deliver });

describe('The steps of an event', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openTestStore();
  }, 60_000);
  afterAll(() => store.close());

  it('are timed by source and step, with how they ended, and logged with the event and its workflow', async () => {
    const destinations = [
      destination('billing', () => Promise.resolve()),
      destination('crm', () => Promise.reject(new DestinationRefusedError(refusal))),
    ];
    const { land, metrics, log } = createLandOnce(store, shopSource({ destinations }));
    await expect(land('evt_1')).rejects.toThrow('The CRM refuses it');

    const text = await metrics.registry.metrics();
    const counted = [...text.matchAll(/^landfall_step_duration_seconds_count\{(.*)\} (\d+)$/gm)];
    expect(counted.map(([, labels, count]) => `${labels} ${count}`).sort()).toEqual([
      'source="shop",step="applyRecord",result="done" 1',
      'source="shop",step="deliver billing",result="done" 1',
      'source="shop",step="deliver crm",result="failed" 1',
      'source="shop",step="fetchRecord",result="done" 1',
    ]);

    const of = { source: 'shop', eventId: 'evt_1', workflowId: 'shop:evt_1' };
    const lines = log.map(({ msg, ...line }) => [msg, line]);
    expect(lines).toEqual(
      expect.arrayContaining([
        ['processed', expect.objectContaining({ ...of, outcome: 'applied' })],
        ['delivered', expect.objectContaining({ ...of, destination: 'billing' })],
        [
          'an activity failed',
          expect.objectContaining({ ...of, step: 'deliver crm', code: 'LANDFALL_DESTINATION_REFUSED' }),
        ],
      ]),
    );
    expect(lines).toHaveLength(3);
    expect(JSON.stringify(log)).not.toContain('hidden-value');
  });
});
