import { expect, inject, test } from 'vitest';
import { drainBacklog } from '../support/drain-backlog.ts';

test('a source with few events does not wait for the many that another had before it', async () => {
  const taken = await drainBacklog(inject('temporalAddress'), { heavy: 200, light: 20 });
  // Temporal keeps turns in each of a queue's partitions: one of the four that is polled late holds up its own alone.
  expect(taken.slice(0, 120).filter((source) => source === 'light').length).toBeGreaterThanOrEqual(10);
}, 180_000);
