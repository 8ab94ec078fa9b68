import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Metrics } from '../../../src/monitoring/metrics.ts';
import type { Store } from '../../../src/store/store.ts';
import { createLandOnce, shopSource } from '../../support/land-once.ts';
import {
  openTestStore,
  post,
  type ReceiverUnderTest,
  sign,
  startReceiverUnderTest,
  testSources,
} from '../../support/receiver.ts';

/** All series of ours, without their values. */
async function seriesOf({ registry }: Metrics): Promise<string[]> {
  const text = await registry.metrics();
  return [...text.matchAll(/^(landfall_.*) \S+$/gm)].map(([, series = '']) => series).sort();
}

describe('No series is added', () => {
  let store: Store;
  beforeAll(async () => {
    store = await openTestStore();
  }, 60_000);
  afterAll(() => store.close());

  /** Every way in, with names that a stranger has chosen. */
  async function sendAll({ url }: ReceiverUnderTest, chosen: string): Promise<number[]> {
    const paths = [...testSources.keys(), chosen, `shop/${chosen}`];
    const statuses: number[] = [];
    for (const path of paths) {
      for (const [index, type] of ['application/json', `application/${chosen}`].entries()) {
        const event = { id: `${path}:${chosen}:${index}`, type: `customer.${chosen}`, customer: chosen };
        const body = JSON.stringify(event);
        const headers = { 'content-type': type, [`x-${chosen}`]: chosen };
        // Of no source, or of one without a secret, there is no signature.
        const signature = await sign(path, body).catch(() => ({}));
        for (const [method, sent] of [
          ['POST', { ...signature, ...headers }],
          ['POST', headers],
          ['GET', headers],
        ] as const) {
          statuses.push((await post(url, path, body, sent, method)).status);
        }
      }
    }
    return statuses;
  }

  it('by sources, accounts, event types, ids, content types and headers that nobody configured', async () => {
    await using receiver = await startReceiverUnderTest({ store });
    const statuses = await sendAll(receiver, 'first');
    expect([...new Set(statuses)].sort()).toEqual([200, 401, 404, 405, 415]);
    const known = await seriesOf(receiver.metrics);
    for (const chosen of ['second', 'third', 'fourth']) {
      expect(await sendAll(receiver, chosen)).toEqual(statuses);
    }
    expect(await seriesOf(receiver.metrics)).toEqual(known);
    expect(known.join('\n')).not.toContain('first');
  });

  it('by errors of handlers and destinations, whatever they are called, nor by what they are about', async () => {
    let name = 'first';
    const deliver = () => Promise.reject(Object.assign(new Error('refused'), { name: `Error of ${name}` }));
    const { land, metrics } = createLandOnce(store, shopSource({ destinations: [{ name: 'crm', deliver }] }));
    const fail = () =>
      expect(
        land(`evt_${name}`, { type: `customer.${name}`, entity: { type: 'customer', id: name } }),
      ).rejects.toThrow('refused');
    await fail();
    const known = await seriesOf(metrics);
    for (name of ['second', 'third', 'fourth']) await fail();
    expect(await seriesOf(metrics)).toEqual(known);
    expect(known).toContainEqual('landfall_activity_failures_total{activity="tryEvent",code="other"}');
  });
});
