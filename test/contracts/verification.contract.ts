import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../src/errors.ts';
import type { SignatureScheme, VerificationResult } from '../../src/verification/scheme.ts';

/** What the suite needs to know of a scheme. */
export interface SchemeUnderTest {
  make(secrets: string[]): SignatureScheme;
  /** Two secrets in the vendor's own form. */
  secrets: [string, string];
  /** For schemes that only the vendor can sign with: its signing, with the secret's private side. */
  signAsVendor?(secret: string, body: Buffer, now: number): Promise<Record<string, string>>;
  signatureHeader: string;
  /** The header with the signed time, and how to write another time into the headers; null where no time is signed. */
  timestamp: {
    header: string;
    forge(headers: Record<string, string>, seconds: number): Record<string, string>;
  } | null;
}

const now = Date.UTC(2026, 0, 15, 12);
const body = Buffer.from('{"id":"evt_1","name":"Grüße, 世界","amount":1.0}');
const notUtf8 = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('"}')]);

/** What every signature scheme promises; run for each of them. */
export function verificationContract(name: string, subject: SchemeUnderTest): void {
  const [secret, otherSecret] = subject.secrets;
  const scheme = subject.make([secret]);
  const sign = (bytes = body, at = now, by: string[] = [secret]) =>
    by[0] !== undefined && subject.signAsVendor !== undefined
      ? subject.signAsVendor(by[0], bytes, at)
      : subject.make(by).sign(bytes, { id: 'msg_1', now: at });
  const verify = (
    headers: Record<string, string | undefined>,
    bytes = body,
    by = scheme,
  ): Promise<VerificationResult> => by.verify({ body: bytes, headers, now });

  describe(`${name}, as every scheme`, () => {
    it('accepts what it signed itself', async () => {
      expect(await verify(await sign())).toMatchObject({ verified: true });
    });

    it('accepts an empty body that was signed', async () => {
      const empty = Buffer.alloc(0);
      expect(await verify(await sign(empty), empty)).toMatchObject({ verified: true });
    });

    it('refuses a body that differs in one byte, or only in its white space', async () => {
      const headers = await sign();
      const flipped = Buffer.from(body);
      flipped[8] = (flipped[8] ?? 0) ^ 1;
      for (const changed of [flipped, Buffer.concat([body, Buffer.from('\n')]), Buffer.alloc(0)]) {
        expect(await verify(headers, changed)).toMatchObject({ verified: false, reason: 'bad_signature' });
      }
    });

    it('judges the exact bytes of a body that is not UTF-8', async () => {
      const headers = await sign(notUtf8);
      expect(await verify(headers, notUtf8)).toMatchObject({ verified: true });
      // Read as text, both bodies would be the same: every wrong byte becomes U+FFFD.
      const asText = Buffer.from(notUtf8.toString('utf8'));
      expect(await verify(headers, asText)).toMatchObject({ reason: 'bad_signature' });
      expect(await verify(await sign(asText), notUtf8)).toMatchObject({ reason: 'bad_signature' });
    });

    it('counts a byte order mark as part of the body', async () => {
      const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]);
      expect(await verify(await sign(marked), marked)).toMatchObject({ verified: true });
      expect(await verify(await sign(marked), body)).toMatchObject({ reason: 'bad_signature' });
    });

    it('refuses what another secret signed', async () => {
      const headers = await sign(body, now, [otherSecret]);
      expect(await verify(headers)).toMatchObject({ verified: false, reason: 'bad_signature' });
    });

    it('accepts the old and the new secret while one is rotated, and signs with the first', async () => {
      const both = subject.make([otherSecret, secret]);
      expect(await verify(await sign(), body, both)).toEqual({ verified: true, secret: 2 });
      const headers = await sign(body, now, [otherSecret, secret]);
      expect(await verify(headers, body, both)).toEqual({ verified: true, secret: 1 });
      expect(await verify(headers, body, subject.make([otherSecret]))).toMatchObject({ verified: true });
      expect(await verify(headers)).toMatchObject({ reason: 'bad_signature' });
    });

    it('names each header that is missing', async () => {
      const headers = await sign();
      for (const header of Object.keys(headers)) {
        for (const value of [undefined, '', '  ']) {
          const result = await verify({ ...headers, [header]: value });
          expect(result).toMatchObject({ verified: false, reason: 'missing_header' });
          expect(JSON.stringify(result)).toContain(header);
        }
      }
    });

    it('calls a header malformed that cannot be a signature', async () => {
      const headers = await sign();
      for (const value of [
        'nonsense',
        'v1',
        '=',
        ',',
        'sha256=xyz',
        't=1',
        'v0=abc',
        'v1,abc',
        '\u00ff\u0000',
      ]) {
        const result = await verify({ ...headers, [subject.signatureHeader]: value });
        expect(result, value).toMatchObject({ verified: false, reason: 'malformed_header' });
      }
    });

    it('never throws, whatever the headers hold', async () => {
      const headers = await sign();
      const hostile = [
        't=,v1=',
        'v1,',
        'v1,=',
        't=1,t=2,v1=a',
        'v1=' + 'a'.repeat(9000),
        'sha256=',
        'v0=',
        '9'.repeat(400),
        '-1',
        'NaN',
        '1e3',
      ];
      for (const header of Object.keys(headers)) {
        for (const value of hostile) {
          expect(await verify({ ...headers, [header]: value }), value).toMatchObject({ verified: false });
        }
      }
    });

    it('lets nothing in without a secret, and cannot sign', async () => {
      const none = subject.make([]);
      expect(await verify(await sign(), body, none)).toMatchObject({ reason: 'no_secret_configured' });
      await expect(sign(body, now, [])).rejects.toThrow(ConfigurationError);
    });

    it('never says a secret or a signature in a refusal', async () => {
      const headers = await sign(body, now, [otherSecret]);
      const text = JSON.stringify([
        await verify(headers),
        await verify({ ...headers, [subject.signatureHeader]: 'x' + secret }),
      ]);
      for (const hidden of [secret, otherSecret, headers[subject.signatureHeader] ?? ''])
        expect(text).not.toContain(hidden);
    });

    it('lists its signature header among those to redact', () => {
      expect(scheme.secretHeaders).toContain(subject.signatureHeader);
    });
  });

  const { timestamp } = subject;
  if (timestamp === null) return;
  describe(`${name}, as a scheme that signs a time`, () => {
    it('accepts five minutes of difference, before and after', async () => {
      expect(await verify(await sign(body, now - 300_000))).toMatchObject({ verified: true });
      expect(await verify(await sign(body, now + 300_000))).toMatchObject({ verified: true });
    });

    it('refuses an older delivery, and one from further ahead, as stale', async () => {
      for (const at of [now - 301_000, now + 301_000, now - 86_400_000]) {
        expect(await verify(await sign(body, at))).toMatchObject({
          verified: false,
          reason: 'stale_timestamp',
        });
      }
    });

    it('refuses an old delivery whose time was made fresh', async () => {
      const headers = await sign(body, now - 3_600_000);
      const fresh = timestamp.forge(headers, Math.floor(now / 1000));
      expect(fresh).not.toEqual(headers);
      expect(await verify(fresh)).toMatchObject({ reason: 'bad_signature' });
    });

    it('calls a forged delivery forged, however old it says it is', async () => {
      const headers = await sign(body, now - 3_600_000, [otherSecret]);
      expect(await verify(headers)).toMatchObject({ reason: 'bad_signature' });
    });

    it('calls a time malformed that is none', async () => {
      const headers = await sign();
      const broken = timestamp.forge(headers, Number.NaN);
      expect(await verify(broken)).toMatchObject({ reason: 'malformed_header' });
    });
  });
}
