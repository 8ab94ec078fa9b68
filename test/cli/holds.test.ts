import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Source } from '../../src/sources/define-source.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { runLandfall } from '../support/landfall-command.ts';
import { type OutageVendor, startOutageVendor } from '../support/outage-vendor.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-temporal.ts';

const because = ['--by', 'ada@example.com', '--reason', 'the vendor is back'];
const patience = { timeout: 30_000, interval: 100 };

describe('landfall holds, knowing only where Temporal is', { timeout: 120_000 }, () => {
  // Its own server, because the list is of all that there are.
  let temporal: OwnTemporal;
  let vendor: OutageVendor;
  let source: Source;
  let harness: Harness;
  beforeAll(async () => {
    temporal = await startOwnTemporal();
    vendor = await startOutageVendor();
    // No probe comes before the hand does.
    source = vendor.source({ entities: 2, firstProbeMilliseconds: 600_000 });
    harness = await startHarness({
      change: withoutListing,
      sources: () => [source],
      temporalAddress: temporal.address,
    });
  });
  afterAll(async () => {
    await harness.stop();
    await vendor[Symbol.asyncDispose]();
    await temporal.stop();
  });

  const landfall = (...args: string[]) =>
    runLandfall(['holds', ...args], { TEMPORAL_ADDRESS: temporal.address });

  test('says so when nothing is held, and knows no other hold', async () => {
    expect(await landfall()).toEqual({ exitCode: 0, stdout: 'No source is held.\n', stderr: '' });
    const unknown = await landfall('release', 'hold:shop:fetchRecord:LANDFALL_VENDOR_DENIED', ...because);
    expect(unknown.exitCode).toBe(1);
    expect(unknown.stderr).toContain('[LANDFALL_HOLD_UNKNOWN]');
  });

  test('lists a hold and releases it', async () => {
    vendor.api = () => 503;
    const events = Array.from({ length: 3 }, () => vendor.change());
    for (const event of events) await harness.post(event, { source });
    const id = `hold:${source.name}:fetchRecord:LANDFALL_VENDOR_UNAVAILABLE`;
    await expect.poll(async () => (await landfall('list', '--json')).stdout, patience).toContain(id);
    const { stdout } = await landfall('list');
    const [head, row, ...more] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^HELD FOR +HOLD +STATUS +WAITING +PROBES$/);
    expect(row).toContain(`${id}  holding`);
    expect(more).toEqual([]);

    vendor.api = () => 200;
    const released = await landfall('release', id, ...because);
    expect(released).toEqual({ exitCode: 0, stdout: `${id}: its events try again\n`, stderr: '' });
    await expect(harness.runtime.client.workflow.getHandle(id).result()).resolves.toMatchObject({
      ended: 'by-hand',
      by: 'ada@example.com',
      reason: 'the vendor is back',
    });
    for (const event of events) {
      const outcome = async () => (await harness.runtime.store.findEvent(source.name, event.id))?.outcome;
      await expect.poll(outcome, patience).toBe('applied');
    }
  });
});
