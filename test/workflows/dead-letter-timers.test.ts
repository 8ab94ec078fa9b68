import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';

describe('a dead letter that nobody decides about', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startHarness({
      change: withoutListing,
      settings: { LANDFALL_DEAD_LETTER_REMIND: '1s', LANDFALL_DEAD_LETTER_ESCALATE: '3s' },
    });
  });
  afterAll(() => harness.stop());

  test('reminds, then is escalated, and its record says so', async () => {
    const { vendor, source, runtime } = harness;
    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    const event = vendor.createCustomer();
    await harness.post(event);
    await expect(harness.event(event.id).result()).rejects.toThrow();

    const ref = { source: source.name, eventId: event.id };
    const state = await vi.waitFor(
      async () => {
        const shown = await harness.deadLetters.show(ref);
        expect(shown.state.escalated).toBe(true);
        return shown.state;
      },
      { timeout: 30_000, interval: 250 },
    );
    const spoken = state.audit
      .map(({ what }) => what)
      .filter((what) => what === 'reminder' || what === 'escalated');
    expect(spoken[0]).toBe('reminder');
    expect(spoken).toContain('escalated');
    const counted = async () => {
      const { values } = await runtime.metrics.deadLetterReminders.get();
      return values.filter(({ labels }) => labels.source === source.name).length;
    };
    await expect.poll(counted).toBe(2);
    // It is still open, and a decision is still taken.
    vendor.setFaults(noFaults);
    const decided = await harness.deadLetters.replay(ref, { by: 'ada', reason: 'mended' }, 30_000);
    expect(decided.state.status).toBe('resolved');
  });
});
