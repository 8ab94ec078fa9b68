import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StoreRefusedError } from '../../../src/errors.ts';
import { createMetrics } from '../../../src/monitoring/metrics.ts';
import { observeStore } from '../../../src/monitoring/observe-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { buildInboxItem } from '../../support/build-apply.ts';
import { openTestStore, readMetric } from '../../support/receiver.ts';

describe('A store that is observed', () => {
  const metrics = createMetrics();
  let plain: Store;
  let store: Store;
  beforeAll(async () => {
    plain = await openTestStore();
    store = observeStore(plain, metrics);
  }, 60_000);
  afterAll(() => store.close());

  const timed = async (operation: string): Promise<number> => {
    const histogram = await metrics.registry.getSingleMetric('landfall_store_duration_seconds')?.get();
    const values = histogram?.values as
      { metricName?: string; labels: Record<string, unknown>; value: number }[] | undefined;
    return (
      values?.find(
        ({ metricName, labels }) =>
          metricName === 'landfall_store_duration_seconds_count' && labels['operation'] === operation,
      )?.value ?? 0
    );
  };

  it('answers as the store does, and counts what was asked by the name of the operation', async () => {
    expect(store.engine).toBe('pglite');
    expect(await store.addToInbox(buildInboxItem('evt_1'))).toEqual({ added: true });
    expect(await store.addToInbox(buildInboxItem('evt_1'))).toMatchObject({ added: false });
    expect(await store.countInbox()).toBe(1);
    expect(await timed('addToInbox')).toBe(2);
    expect(await timed('countInbox')).toBe(1);
    expect(await timed('claimInbox')).toBe(0);
  });

  it('fails as the store does, and counts that by its code', async () => {
    const refused = store.addToInbox(buildInboxItem('evt_2', { source: '\u0000' }));
    await expect(refused).rejects.toBeInstanceOf(StoreRefusedError);
    const labels = { operation: 'addToInbox', code: 'LANDFALL_STORE_REFUSED' };
    expect(await readMetric(metrics, 'landfall_store_errors_total', labels)).toBe(1);
    expect(await timed('addToInbox')).toBe(3);
  });

  it('calls a method that was replaced since', async () => {
    await store.ping();
    const { ping } = plain;
    plain.ping = () => Promise.reject(new Error('replaced'));
    await expect(store.ping()).rejects.toThrow('replaced');
    plain.ping = ping;
  });

  it('says what its pool does, where it has one', async () => {
    expect(store.connections()).toBeNull();
    const text = await metrics.registry.metrics();
    expect(text).toContain('landfall_store_waiting 0');
    expect(text).not.toContain('landfall_store_connections{');
    metrics.watchPool(() => ({ busy: 2, idle: 1, waiting: 3 }));
    const busy = await metrics.registry.metrics();
    expect(busy).toContain('landfall_store_connections{state="busy"} 2');
    expect(busy).toContain('landfall_store_connections{state="idle"} 1');
    expect(busy).toContain('landfall_store_waiting 3');
  });
});
