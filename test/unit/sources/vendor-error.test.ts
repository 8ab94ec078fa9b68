import { describe, expect, it } from 'vitest';
import {
  VendorAnswerError,
  VendorDeniedError,
  VendorRateLimitedError,
  VendorRefusedError,
  VendorUnavailableError,
} from '../../../src/errors.ts';
import {
  parseRetryAfter,
  pathSegment,
  throwIfCancelled,
  vendorErrorFromStatus,
} from '../../../src/sources/vendor-error.ts';

const now = Date.UTC(1994, 10, 6, 8, 49, 7);

describe('Retry-After', () => {
  it.each([
    ['seconds', '120', 120_000],
    ['fractions, which some vendors send', '1.5', 1500],
    ['no wait', '0', 0],
    ['a date', 'Sun, 06 Nov 1994 08:49:37 GMT', 30_000],
    ['the date of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT', 30_000],
    ['the date of asctime', 'Sun Nov  6 08:49:37 1994', 30_000],
    ['a date that has passed', 'Sun, 06 Nov 1994 08:00:00 GMT', 0],
    ['more than a day', '99999999999999999999', 86_400_000],
    ['a date far ahead', 'Fri, 31 Dec 9999 23:59:59 GMT', 86_400_000],
  ])('is read as %s', (_what, value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected);
  });

  it.each([null, undefined, '', '-5', 'soon', '1e3', '12 apples', 'Sunday, whenever'])(
    'is passed over where it says %j',
    (value) => {
      expect(parseRetryAfter(value, now)).toBeNull();
    },
  );
});

describe('The error for a vendor’s answer', () => {
  const call = { vendor: 'Acme', what: 'customer 7', retryAfter: '3', now };

  it('is a rate limit with its wait for 429', () => {
    const error = vendorErrorFromStatus(429, call);
    expect(error).toBeInstanceOf(VendorRateLimitedError);
    expect(error).toMatchObject({ retryable: true, retryAfterMilliseconds: 3000 });
  });

  it.each([408, 425, 500, 502, 503, 504, 599])('may pass for %i', (status) => {
    const error = vendorErrorFromStatus(status, call);
    expect(error).toBeInstanceOf(VendorUnavailableError);
    expect(error.retryable).toBe(true);
  });

  it.each([400, 401, 403, 404, 405, 410, 422])('is final for %i', (status) => {
    const error = vendorErrorFromStatus(status, call);
    expect(error).toBeInstanceOf(VendorRefusedError);
    expect(error.retryable).toBe(false);
    // Of these, the credentials alone are wrong for every record.
    expect(error instanceof VendorDeniedError).toBe([401, 403].includes(status));
  });

  it('calls a redirect an answer that nobody expected', () => {
    expect(vendorErrorFromStatus(302, call)).toBeInstanceOf(VendorAnswerError);
  });

  it('names the vendor, the status, what was asked for, and keeps the cause', () => {
    const cause = new Error('below');
    const error = vendorErrorFromStatus(500, { ...call, cause });
    expect(error.message).toBe('Acme answered 500 to the request for customer 7: its API is unavailable.');
    expect(error.cause).toBe(cause);
  });
});

describe('A call that ended early', () => {
  it('is a cancellation where it was cancelled', () => {
    const reason = new Error('cancelled');
    expect(() => {
      throwIfCancelled(AbortSignal.abort(reason));
    }).toThrow(reason);
  });

  it('is no cancellation where only the time was up, or nothing happened', () => {
    throwIfCancelled(AbortSignal.abort(new DOMException('time is up', 'TimeoutError')));
    throwIfCancelled(new AbortController().signal);
  });
});

it('An id never leads out of its path', () => {
  expect(pathSegment('a/b?c#d%2e')).toBe('a%2Fb%3Fc%23d%252e');
  for (const id of ['', '.', '..']) expect(() => pathSegment(id)).toThrow(VendorRefusedError);
});
