import { expect, it } from 'vitest';
import { fetchBodies, serveBodies } from '../../../src/cli/dev-bodies.ts';
import { StoreUnavailableError } from '../../../src/errors.ts';

it('the large bodies of an embedded store are served to who knows the token, and to nobody else', async () => {
  const body = Buffer.alloc(3_000_000, 0xff);
  const store = { readBody: (sha256: string) => Promise.resolve(sha256 === 'ab12' ? body : null) };
  const { bodies, stop } = await serveBodies(store);
  expect((await fetchBodies(bodies).readBody('ab12'))?.equals(body)).toBe(true);
  expect(await fetchBodies(bodies).readBody('cd34')).toBeNull();
  for (const headers of [{}, { authorization: bodies.token }, { authorization: 'Bearer another' }]) {
    expect((await fetch(`${bodies.url}/ab12`, { headers })).status).toBe(401);
  }
  await stop();
  await expect(fetchBodies(bodies).readBody('ab12')).rejects.toThrow(StoreUnavailableError);
});

it('a store that is away is told as such', async () => {
  const { bodies, stop } = await serveBodies({ readBody: () => Promise.reject(new Error('closed')) });
  await expect(fetchBodies(bodies).readBody('ab12')).rejects.toThrow(StoreUnavailableError);
  await stop();
});
