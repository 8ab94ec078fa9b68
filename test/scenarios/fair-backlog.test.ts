import { expect, inject, test } from 'vitest';
import { drainBacklog } from '../support/drain-backlog.ts';

test('a source with ten events does not wait for the hundred that another had before it', async () => {
  const taken = await drainBacklog(inject('temporalAddress'), { heavy: 100, light: 10 });
  expect(taken.lastIndexOf('light')).toBeLessThan(60);
}, 180_000);
