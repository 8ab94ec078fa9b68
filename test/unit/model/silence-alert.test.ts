import { describe, expect, it } from 'vitest';
import { describeAlerts, readAlert, readSilence, readUnsilence } from '../../../src/model/silence-alert.ts';

describe('which alerts a silence is about', () => {
  it.each([
    ['rejections:stripe', { kind: 'rejections', source: 'stripe' }],
    ['rejections:stripe:acct_1', { kind: 'rejections', source: 'stripe:acct_1' }],
    ['rejections', { kind: 'rejections', source: null }],
    ['any:stripe', { kind: 'any', source: 'stripe' }],
    ['any', { kind: 'any', source: null }],
  ] as const)('is read from %s, and described so again', (text, alerts) => {
    expect(readAlert(text)).toEqual(alerts);
    expect(describeAlerts(alerts)).toBe(text);
  });

  it.each(['', 'rejection', 'rejections:', ':stripe', 'any:', 'toString'])('is not read from %j', (text) => {
    expect(readAlert(text)).toBeNull();
  });
});

describe('a silence that somebody asks for', () => {
  const asked = { alert: 'lag:stripe', forMilliseconds: 60_000, by: 'ada', reason: 'a backfill' };

  it('is read', () => {
    const read = { kind: 'lag', source: 'stripe', by: 'ada', reason: 'a backfill' };
    expect(readSilence(asked)).toEqual({ ...read, forMilliseconds: 60_000 });
    expect(readUnsilence(asked)).toEqual(read);
  });

  it.each([
    [null, /needs \{"alert"/],
    [{ ...asked, alert: 'lags:stripe' }, /needs "alert": any or one of all-rejected, /],
    [{ ...asked, by: ' ' }, /needs "by"/],
    [{ ...asked, reason: undefined }, /needs "reason"/],
    [{ ...asked, forMilliseconds: undefined }, /needs "forMilliseconds".*90 days at most/],
    [{ ...asked, forMilliseconds: 0 }, /needs "forMilliseconds"/],
    [{ ...asked, forMilliseconds: Number.NaN }, /needs "forMilliseconds"/],
    [{ ...asked, forMilliseconds: 91 * 86_400_000 }, /needs "forMilliseconds"/],
  ])('is refused where it is %j, with what it needs', (value, why) => {
    expect(readSilence(value)).toMatch(why);
  });
});
