import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildApply } from '../support/build-apply.ts';
import type { StoreUnderTest } from './store.contract.ts';

const day = 86_400_000;
const ago = (days: number) => new Date(Date.now() - days * day).toISOString();

/** What a store promises of the months that its processed events are kept in. */
export function storePartitionsContract(subject: StoreUnderTest): void {
  it('makes the months ahead once, and drops none unless it is told how long to keep them', async () => {
    const store = subject.store();
    await store.keepPartitions(null);
    expect(await store.keepPartitions(null)).toEqual({ made: [], dropped: [] });
    expect(await store.keepPartitions(400 * day)).toEqual({ made: [], dropped: [] });
  });

  it.each([
    ['that says when it happened', () => ago(0)],
    ['of long ago', () => ago(900)],
    ['that does not say when it happened', () => null],
    ['from a clock that is wrong', () => '2099-01-01T00:00:00.000Z'],
  ])('knows an event %s again', async (_, when) => {
    const [store, source, happenedAt] = [subject.store(), subject.newSource(), when()];
    expect(await store.apply(buildApply({ source, happenedAt }))).toMatchObject({ outcome: 'applied' });
    expect(await store.apply(buildApply({ source, happenedAt }))).toMatchObject({ outcome: 'duplicate' });
    const { processed } = await store.lookUp(source, 'evt_1', { type: 'customer', id: 'cus_1' }, happenedAt);
    expect(processed).toMatchObject({ complete: true });
  });

  it('keeps one row of each event, whatever is done with it at the same time', async () => {
    const store = subject.store();
    const steps = fc.constantFrom('apply', 'apply late', 'dead letter', 'close');
    const many = fc.array(fc.tuple(steps, fc.constantFrom('evt_1', 'evt_2')), {
      minLength: 4,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(many, async (asked) => {
        const source = subject.newSource();
        const ids = new Set(asked.filter(([step]) => step !== 'close').map(([, eventId]) => eventId));
        await Promise.all(
          asked.map(async ([step, eventId]) => {
            if (step === 'close') return store.closeDeadLetter(source, eventId, 'resolved');
            const event = { source, eventId, workflowId: 'w', runId: 'r', bodySha256: 'b0d1' };
            if (step === 'dead letter') return store.markDeadLettered(event);
            return store.apply(buildApply({ source, eventId, happenedAt: step === 'apply' ? ago(0) : null }));
          }),
        );
        const counts = (await store.countEvents()).filter((each) => each.source === source);
        expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(ids.size);
      }),
      { numRuns: 15 },
    );
  });
}
