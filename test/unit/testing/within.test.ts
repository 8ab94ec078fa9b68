import { expect, it } from 'vitest';
import { ConformanceError } from '../../../src/testing/conformance-error.ts';
import { within } from '../../../src/testing/within.ts';

it('waits for what ends, and not for what does not', async () => {
  await expect(within(Promise.resolve(1), 'the call')).resolves.toBe(1);
  await expect(within(Promise.reject(new Error('its own')), 'the call')).rejects.toThrow('its own');
  const endless = within(new Promise(() => {}), 'the call', 20);
  await expect(endless).rejects.toThrow(ConformanceError);
  await expect(endless).rejects.toThrow(/the call.*comes to an end/);
});
