import { readFileSync, readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { acmeSource } from '../../../examples/add-a-source/acme.ts';
import { squareSource } from '../../../examples/square/square.ts';
import {
  deadLetterWorkflowId,
  entityWorkflowId,
  eventWorkflowId,
  maxEventIdLength,
  maxWorkflowIdLength,
  unreadableEventId,
} from '../../../src/model/ids.ts';
import { eventStartOptions } from '../../../src/model/process-event.ts';
import type { Source } from '../../../src/sources/define-source.ts';
import { demoSource } from '../../../src/sources/demo.ts';
import { readGenericSources } from '../../../src/sources/generic.ts';
import { githubSource } from '../../../src/sources/github.ts';
import { readDeliveries, type ReadPart } from '../../../src/sources/read-delivery.ts';
import { stripeSource } from '../../../src/sources/stripe.ts';
import { openSource } from '../../../src/testing/open-source.ts';
import { sha256Hex } from '../../../src/verification/digest.ts';
import { fuzz } from '../../support/fuzz.ts';

const now = Date.UTC(2026, 0, 15, 12);
const receivedAt = new Date(now).toISOString();
const whsec = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const marker = 'a-signature-that-nobody-keeps';
const vendors = new URL('../../../examples/vendors/', import.meta.url);

const sources: Source[] = [
  openSource(demoSource, {
    DEMO_WEBHOOK_SECRET: whsec,
    DEMO_API_URL: 'http://127.0.0.1:9',
    DEMO_API_TOKEN: 't',
  }),
  openSource(githubSource, {
    GITHUB_WEBHOOK_SECRET: 's',
    GITHUB_TOKEN: 't',
    GITHUB_REPOSITORIES: 'octo/repo',
  }),
  openSource(stripeSource, { STRIPE_WEBHOOK_SECRET: 's' }),
  openSource(acmeSource, { ACME_WEBHOOK_SECRET: 's', ACME_API_URL: 'http://127.0.0.1:9', ACME_API_KEY: 'k' }),
  openSource(squareSource, {
    ...{ SQUARE_WEBHOOK_SECRET: 's', SQUARE_API_URL: 'http://127.0.0.1:9', SQUARE_ACCESS_TOKEN: 't' },
    SQUARE_PUBLIC_URL: 'https://hooks.example.com',
  }),
  ...readdirSync(vendors).flatMap((file) => describedIn(readFileSync(new URL(file, vendors), 'utf8'))),
];

for (const source of sources) {
  fuzz({
    name: `source-${source.name.split('/')[0] ?? ''}`,
    words: [
      '"id"',
      '"type"',
      '":',
      '{',
      '}',
      '[',
      ']',
      ',',
      'null',
      'true',
      '0',
      '""',
      '&',
      '=',
      '%00',
      '\\u0000',
      '\\ud800',
    ],
    check({ body = '', ...headers }) {
      const secrets = Object.fromEntries(source.verification.secretHeaders.map((name) => [name, marker]));
      const bytes = Buffer.from(body, 'latin1');
      const read = readDeliveries(source, {
        body: bytes,
        headers: { ...headers, ...secrets },
        receivedAt,
        now,
      });
      if (read.kind === 'handshake') return 'handshake';
      expect(JSON.stringify(read.parts.map((part) => part.read))).not.toContain(marker);
      return [...new Set(read.parts.map((part) => judge(source, part)))].sort().join(', ') || 'no event';
    },
    reaches: /^event/,
  });
}

/** What has to be true of whatever goes on to Temporal and the store. */
function judge(source: Source, { read, raw: { body } }: ReadPart): string {
  if (read.kind === 'unreadable') {
    const { delivery, eventId } = read;
    expect(Buffer.from(delivery.body, delivery.bodyEncoding).equals(body)).toBe(true);
    expect(eventId).toBe(unreadableEventId(sha256Hex(body)));
    expect(delivery.reason).toMatch(/./);
    return `unreadable: ${delivery.reason}`;
  }
  const { event } = read;
  const { entity, announced } = event;
  expect(event.id.length).toBeGreaterThan(0);
  expect(event.id.length).toBeLessThanOrEqual(maxEventIdLength);
  expect(event.id).not.toMatch(/[\s\p{Cc}]/u);
  for (const id of [eventWorkflowId(source.name, event.id), deadLetterWorkflowId(source.name, event.id)]) {
    expect(id.length).toBeLessThanOrEqual(maxWorkflowIdLength);
  }
  if (entity !== null) {
    expect(entityWorkflowId(source.name, entity).length).toBeLessThanOrEqual(maxWorkflowIdLength);
    for (const part of [entity.type, entity.id]) expect(part.length).toBeGreaterThan(0);
  }
  if (announced !== null) expect(announced.version ?? '0').toMatch(/^(0|[1-9]\d*)$/);
  for (const time of [event.occurredAt, announced?.sourceTime ?? null]) {
    if (time !== null) expect(new Date(time).toISOString()).toBe(time);
  }
  // As it comes out of a history. (`1e999` is a number in JSON, and none when it is printed again.)
  const printed = JSON.stringify(event);
  expect(JSON.stringify(JSON.parse(printed))).toBe(printed);
  expect(Buffer.byteLength(printed)).toBeLessThan(2 * 1_024 * 1_024);
  const { staticSummary, typedSearchAttributes } = eventStartOptions({
    ...{ event, retry: source.retry, replay: null },
  });
  expect(Buffer.byteLength(staticSummary)).toBeLessThanOrEqual(400);
  for (const { value } of typedSearchAttributes) expect(value.length).toBeLessThanOrEqual(255);
  const about = entity === null ? 'nothing' : announced === null ? 'a record' : 'a version';
  return `event of ${about}${event.deletes ? ', deleted' : ''}${event.occurredAt === null ? '' : ', dated'}`;
}

/** The sources of a description, with some secret for each variable that it names. */
function describedIn(text: string): Source[] {
  const key = readFileSync(new URL('../../fixtures/sendgrid/public-key.txt', import.meta.url), 'utf8').trim();
  const secret = text.includes('sendgrid') ? key : whsec;
  const names = [...text.matchAll(/Env": "(\w+)"/g)].map(([, name = '']) => name);
  const env = names.flatMap((name) => [name, `${name}_EXAMPLE_STORE`]).map((name) => [name, secret] as const);
  return readGenericSources(text, Object.fromEntries(env));
}
