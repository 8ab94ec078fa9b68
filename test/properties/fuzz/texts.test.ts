import { readFileSync, readdirSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { expect } from 'vitest';
import { createBodyRedactor } from '../../../src/capture/redact-body.ts';
import { readRecording } from '../../../src/capture/recorded-delivery.ts';
import { readDuration } from '../../../src/cli/read-duration.ts';
import { readNumber } from '../../../src/cli/read-number.ts';
import { readTime } from '../../../src/cli/read-time.ts';
import { readUrl } from '../../../src/cli/read-url.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { settings } from '../../../src/config/schema.ts';
import { ConfigurationError } from '../../../src/errors.ts';
import {
  canonicalEventId,
  deadLetterWorkflowId,
  maxWorkflowIdLength,
  parseDeadLetterId,
} from '../../../src/model/ids.ts';
import type { JsonValue } from '../../../src/model/json.ts';
import { compareVersions, readRecordVersion } from '../../../src/model/version.ts';
import { addressList } from '../../../src/sources/address-list.ts';
import { readGenericSources } from '../../../src/sources/generic.ts';
import { isJsonPointer, readPointer } from '../../../src/sources/json-pointer.ts';
import { sourceDefinitions } from '../../../src/sources/registry.ts';
import { parseRetryAfter, pathSegment } from '../../../src/sources/vendor-error.ts';
import { quote } from '../../../src/temporal/list-filter.ts';
import { sha256Hex } from '../../../src/verification/digest.ts';
import { readDecision, readInvestigation } from '../../../workflows/dead-letter-case.ts';
import { fuzz, type FuzzInput } from '../../support/fuzz.ts';

const now = Date.UTC(2026, 0, 15, 12);
const texts = (...of: readonly string[]): FuzzInput[] => of.map((text) => ({ text }));
/** What came of a call that may refuse its input in one way. */
function refusedBy(refusal: new (message: string) => Error, call: () => unknown): string {
  try {
    call();
    return 'taken';
  } catch (error) {
    if (!(error instanceof refusal)) throw error;
    return `refused: ${error.message.replaceAll(/\s+/g, ' ')}`;
  }
}

fuzz({
  name: 'text-json-pointer',
  sound: texts('', '/data/id', '/a~1b/0/~0c', '/list/1', '/constructor', '/data/__proto__'),
  words: ['/', '~0', '~1', '~', '0', 'constructor', '__proto__', 'length'],
  check({ text = '' }) {
    if (!isJsonPointer(text)) return 'none';
    const document = { data: { id: 'x' }, 'a/b': [{ '~c': 1 }], list: [1, null] };
    const value = readPointer(document, text);
    // Never what the document does not hold.
    expect(['undefined', 'string', 'number', 'object']).toContain(typeof value);
    if (value !== undefined) expect(JSON.stringify(document)).toContain(JSON.stringify(value));
    return typeof value;
  },
  reaches: /^string/,
});

fuzz({
  name: 'text-event-id',
  sound: texts('evt_1', 'reconcile:customer/cus_1:7', 'a b', 'é'.repeat(200)),
  words: [':', '/', 'reconcile:', 'sha256:', 'unreadable:', 'dead-letter:', '\u200B', '😀'],
  check({ text = '' }) {
    const id = canonicalEventId(text, sha256Hex);
    expect(id).not.toMatch(/[\s\p{Cc}\p{Cf}]/u);
    const workflowId = deadLetterWorkflowId('acme/eu', id);
    expect(workflowId.length).toBeLessThanOrEqual(maxWorkflowIdLength);
    if (text !== '') expect(parseDeadLetterId(workflowId)).toEqual({ source: 'acme/eu', eventId: id });
    return id === text ? 'as it is' : 'hashed';
  },
  reaches: /^as it is/,
});

fuzz({
  name: 'text-version',
  sound: [
    { version: '7', time: '2026-01-15T12:00:00Z' },
    { version: '00012', time: '1768478400' },
    { version: '', time: 'Thu, 15 Jan 2026 12:00:00 GMT' },
  ],
  words: ['0', '1', '.', '-', '+', 'T', 'Z', '1e3', ':'],
  check({ version = '', time = '' }) {
    const read = readRecordVersion({ version, sourceTime: time }, now);
    expect(readRecordVersion(read, now)).toEqual(read);
    const isKnown = read.version !== null || read.sourceTime !== null;
    expect(compareVersions(read, read)).toBe(isKnown ? 'same' : 'unknown');
    return `${typeof read.version} ${typeof read.sourceTime}`;
  },
  reaches: /^string string/,
});

fuzz({
  name: 'text-retry-after',
  sound: texts(
    '120',
    '1.5',
    '1.2.3',
    '-5',
    'Thu, 15 Jan 2026 12:01:00 GMT',
    'Thursday, 15-Jan-26 12:01:00 GMT',
    'Thu Jan 15 12:01:00 2026',
  ),
  words: ['Mon', 'GMT', ',', ' ', '-', ':', '0', '9', '+'],
  check({ text = '' }) {
    const wait = parseRetryAfter(text, now);
    if (wait === null) return 'none';
    expect(wait).toBeGreaterThanOrEqual(0);
    expect(wait).toBeLessThanOrEqual(86_400_000);
    return wait === 0 ? 'at once' : 'later';
  },
  reaches: /^later/,
});

fuzz({
  name: 'text-path-segment',
  sound: texts('cus_1', '..', 'a/b', '%2e%2e', 'ü'),
  words: ['.', '..', '/', '\\', '%2f', '?', '#', ';', '@'],
  check({ text: given = '' }) {
    // As JSON in UTF-8 is read: half of a pair of surrogates does not come through.
    const text = Buffer.from(given).toString();
    let segment: string;
    try {
      segment = pathSegment(text);
    } catch (error) {
      return `refused: ${(error as Error).name}`;
    }
    const url = new URL(`http://vendor.example/v1/customers/${segment}`);
    expect(url.host).toBe('vendor.example');
    expect(url.pathname.split('/').slice(0, 3)).toEqual(['', 'v1', 'customers']);
    expect(url.pathname.split('/')).toHaveLength(4);
    expect(url.search + url.hash).toBe('');
    expect(decodeURIComponent(url.pathname.split('/')[3] ?? '')).toBe(text);
    return 'a segment';
  },
  reaches: /^a segment/,
});

fuzz({
  name: 'text-list-filter',
  sound: texts('customer.updated', "it's", 'a\\'),
  words: ["'", '\\', "\\'", ' OR ', '"', '`', '--', "' OR 1=1 --"],
  check({ text = '' }) {
    const literal = quote(text);
    // One literal from its first character to its last: nothing of it is read as a part of the filter.
    expect(literal).toMatch(/^'(?:[^'\\]|\\.)*'$/su);
    return 'a literal';
  },
  reaches: /^a literal/,
});

fuzz({
  name: 'text-address-list',
  sound: texts('192.0.2.1, 198.51.100.0/24', '2001:db8::/32', 'loopback,uniquelocal', '::ffff:192.0.2.1'),
  words: ['/', ',', '.', ':', '::', '0', '255', '/33', '%eth0', 'loopback'],
  check({ text = '' }) {
    const read = addressList.safeParse(text);
    if (!read.success) return 'none';
    expect(read.data.includes('no address')).toBe(false);
    expect(typeof read.data.includes('192.0.2.1')).toBe('boolean');
    expect(typeof read.data.includes('2001:db8::1')).toBe('boolean');
    return 'a list';
  },
  reaches: /^a list/,
});

const recorded = {
  ...{ at: '2026-01-15T12:00:00.000Z', source: 'shop', path: '/webhooks/shop', headers: { a: 'b' } },
  ...{ bodyEncoding: 'utf8', body: '{"id":1}', verified: true },
};
fuzz({
  name: 'text-recording',
  sound: texts(
    `${JSON.stringify(recorded)}\n${JSON.stringify({ ...recorded, source: 'other' })}\n{"at":`,
    '{"id":"evt_1"}',
  ),
  words: ['\n', '{', '}', '"', ':', ',', '"base64"', '"left-out"', 'null', '{}\n'],
  check: ({ text = '' }) =>
    refusedBy(ConfigurationError, () => {
      const recording = readRecording(text);
      for (const { path } of recording?.deliveries ?? []) expect(path).toMatch(/^\//);
    }),
  reaches: /^taken/,
});

const redact = createBodyRedactor(['/data/email', '/list/*/name'], 'a secret');
fuzz({
  name: 'text-redacted-body',
  sound: [
    {
      body: '{"data":{"email":"ada@example.com"},"list":[{"name":"Ada"},{"name":{"first":"Grace"}}]}',
      'content-type': 'application/json',
    },
    { body: 'data=1&list=a&list=b', 'content-type': 'application/x-www-form-urlencoded' },
  ],
  words: ['{', '}', '[', ']', '"', ':', '"email"', '"data"', '&', '=', '\u00ff', 'null', '1'],
  check({ body = '', 'content-type': type }) {
    const bytes = Buffer.from(body, 'latin1');
    const redacted = redact(bytes, type);
    if (redacted === null) return 'left out';
    if (redacted === bytes) return 'as it is';
    if (type?.startsWith('application/x-www') === true) return 'a form';
    const before = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, '')) as JsonValue;
    const after = JSON.parse(redacted.toString('utf8')) as JsonValue;
    const email = readPointer(before, '/data/email');
    if (typeof email === 'string') expect(readPointer(after, '/data/email')).not.toBe(email);
    return 'redacted';
  },
  reaches: /^redacted/,
});

const vendors = new URL('../../../examples/vendors/', import.meta.url);
fuzz({
  name: 'text-sources-file',
  sound: readdirSync(vendors).map((file) => ({ text: readFileSync(new URL(file, vendors), 'utf8') })),
  words: [
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '"name"',
    '"scheme"',
    '"hmac"',
    '"/a"',
    'null',
    '1',
    '{id}',
    'https://',
  ],
  check: ({ text = '' }) => {
    const names = [...text.matchAll(/Env":\s*"(\w+)"/g)].map(([, name = '']) => name);
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const env = Object.fromEntries(
      names.flatMap((name) => [
        [name, secret],
        [`${name}_EXAMPLE_STORE`, secret],
      ]),
    );
    return refusedBy(ConfigurationError, () => readGenericSources(text, env));
  },
  reaches: /^taken/,
});

const ofFiles = ['LANDFALL_SOURCES_FILE', 'LANDFALL_ADAPTERS', 'LANDFALL_HANDLERS'];
const password = 'the-password-of-the-database';
fuzz({
  name: 'text-settings',
  sound: [
    { DATABASE_URL: `postgresql://landfall:${password}@db:5432/landfall`, TEMPORAL_ADDRESS: 'temporal:7233' },
    {
      STRIPE_WEBHOOK_SECRET: 'a,b',
      STRIPE_ACCOUNTS: 'eu,us',
      STRIPE_WEBHOOK_SECRET_EU: 'c',
      STRIPE_WEBHOOK_SECRET_US: 'd',
    },
    {
      GITHUB_WEBHOOK_SECRET: 's',
      GITHUB_REPOSITORIES: 'octo/repo,octo/*',
      GITHUB_TOKEN: 't',
      GITHUB_REQUESTS_PER_SECOND: '1.5',
    },
    Object.fromEntries(
      Object.entries(settings)
        .filter(([name]) => name.startsWith('LANDFALL_') && !ofFiles.includes(name))
        .map(([name, { fallback }]) => [name, /`([^`]+)`/.exec(fallback)?.[1] ?? '1']),
    ),
  ],
  words: ['0', '1', '-', '.', ',', 's', 'ms', '60d', 'off', 'demo', '/', ':', 'true', 'eu', '*', '127.0.0.1'],
  check(env) {
    const outcome = refusedBy(ConfigurationError, () =>
      loadConfig(env, { mode: 'command', definitions: sourceDefinitions }),
    );
    expect(outcome).not.toContain(password);
    return outcome;
  },
  reaches: /^taken/,
});

const options: Readonly<Record<string, (text: string) => unknown>> = {
  duration: readDuration,
  number: readNumber({ min: 0, max: 65_535, whole: true }),
  time: readTime,
  url: readUrl,
};
fuzz({
  name: 'text-options',
  sound: [
    { duration: '30s' },
    { number: '3000' },
    { time: '2026-11-01T12:00:00Z' },
    { url: 'http://127.0.0.1:3000' },
  ],
  words: ['0', '1', '.', '-', 's', 'T', 'Z', ':', '/', '0x', 'Infinity', 'javascript:'],
  check: (input) =>
    Object.entries(input)
      .map(([name, text]) => `${name} ${refusedBy(InvalidArgumentError, () => options[name]?.(text))}`)
      .join(),
  reaches: /taken/,
});

fuzz({
  name: 'text-decision',
  sound: texts(
    '{"by":"ada","reason":"mended"}',
    '{"by":"ada","owner":"bob","note":"asked"}',
    '"replay"',
    'null',
  ),
  words: ['{', '}', '"', ':', ',', '"by"', '"reason"', '" "', 'null', '[]', '1'],
  check({ text = '' }) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return 'no JSON';
    }
    const read = [readDecision(value), readInvestigation(value)];
    for (const each of read) {
      if (typeof each === 'string') expect(each).toMatch(/^needs /);
      else for (const part of Object.values(each)) expect(String(part).trim()).not.toBe('');
    }
    return read.map((each) => (typeof each === 'string' ? each : 'taken')).join(', ');
  },
  reaches: /^taken/,
});
