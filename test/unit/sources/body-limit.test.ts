import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/errors.ts';
import { bodyLimitOf, largestBodyBytes } from '../../../src/sources/body-limit.ts';
import { shopSource } from '../../support/land-once.ts';

describe('The largest body of a source', () => {
  it.each([0, -1, 1.5, largestBodyBytes + 1])('cannot be %d', (maxBodyBytes) => {
    expect(() => shopSource({ maxBodyBytes })).toThrow(ConfigurationError);
    expect(() => shopSource({ maxBodyBytes })).toThrow(/"shop" has a maxBodyBytes of .* 1 to 26214400/);
  });

  it('is what its adapter says, else what is set for all, else 1 MiB; and an answer names what sets it', () => {
    const named = { ...shopSource({ maxBodyBytes: largestBodyBytes }), name: 'the-shop/eu' };
    expect(bodyLimitOf(named, 5_000)).toEqual({
      bytes: largestBodyBytes,
      settings: 'THE_SHOP_MAX_BODY_BYTES or LANDFALL_MAX_BODY_BYTES',
    });
    expect(bodyLimitOf(shopSource({}), 5_000).bytes).toBe(5_000);
    expect(bodyLimitOf(shopSource({}), null).bytes).toBe(1_048_576);
  });
});
