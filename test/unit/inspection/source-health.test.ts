import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { TemporalUnavailableError } from '../../../src/errors.ts';
import { allVisible } from '../../../src/inspection/dependencies.ts';
import { createSourceHealth } from '../../../src/inspection/source-health.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import type { Store } from '../../../src/store/store.ts';

/** A Temporal that knows of no run, and answers when it is let. */
function createTemporal() {
  const waiting: (() => void)[] = [];
  const temporal = { asked: 0, state: 'up' as 'up' | 'down' | 'hangs', answer: () => undefined as unknown };
  temporal.answer = () => {
    for (const go of waiting.splice(0)) go();
  };
  const client = {
    options: { namespace: 'default' },
    withDeadline: (_deadline: number, ask: () => Promise<unknown>) => ask(),
    workflowService: {
      async listWorkflowExecutions() {
        temporal.asked += 1;
        if (temporal.state === 'hangs') await new Promise<void>((resolve) => waiting.push(resolve));
        if (temporal.state === 'down') throw new TemporalUnavailableError('Temporal did not answer.');
        return { executions: [], nextPageToken: new Uint8Array() };
      },
    },
  } as unknown as Client;
  return { temporal, client };
}

const nothing = () => Promise.resolve([]);
const store = {
  measureDeliveries: nothing,
  countRejections: nothing,
  findLatestReports: nothing,
  countInbox: () => Promise.resolve(0),
  listIncidents: () => Promise.resolve({ open: [], ended: [], silences: [] }),
} as unknown as Store;

function setUp() {
  const clock = { now: 0 };
  const { temporal, client } = createTemporal();
  const sources = new Map([['shop', {} as Source]]);
  const health = createSourceHealth({ sources, store, client, visible: allVisible, now: () => clock.now });
  const stateOf = async () => (await health()).sources[0]?.state;
  return { clock, temporal, stateOf };
}

describe('How sources are doing', () => {
  it('is told at once from what Temporal said last, while it is asked anew', async () => {
    const { clock, temporal, stateOf } = setUp();
    expect(await stateOf()).toBe('well');
    const before = temporal.asked;
    temporal.state = 'hangs';
    clock.now += 10_000;
    expect(await stateOf()).toBe('well');
    expect(temporal.asked).toBeGreaterThan(before);
    temporal.answer();
  });

  it('is asked of Temporal once for all who look within two seconds', async () => {
    const { clock, temporal, stateOf } = setUp();
    await stateOf();
    const before = temporal.asked;
    clock.now += 1_000;
    await Promise.all([stateOf(), stateOf()]);
    expect(temporal.asked).toBe(before);
  });

  it('is waited for where what is known is old', async () => {
    const { clock, temporal, stateOf } = setUp();
    await stateOf();
    temporal.state = 'hangs';
    clock.now += 60_000;
    let told = false;
    const looking = stateOf().then(() => {
      told = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBe(false);
    temporal.answer();
    await looking;
  });

  it('is not known while Temporal does not answer, and known again as soon as it does', async () => {
    const { clock, temporal, stateOf } = setUp();
    temporal.state = 'down';
    expect(await stateOf()).toBe('unknown');
    temporal.state = 'up';
    clock.now += 3_000;
    expect(await stateOf()).toBe('well');
  });
});
