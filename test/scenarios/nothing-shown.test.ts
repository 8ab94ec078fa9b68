import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { startOps } from '../../src/cli/start-ops.ts';
import { paths } from '../../src/console/paths.ts';
import { httpDestination } from '../../src/destinations/http.ts';
import { readRedaction } from '../../src/privacy/redaction.ts';
import { redactSubject } from '../../src/privacy/redact-subject.ts';
import { query } from '../support/create-database.ts';
import { dumpStore, findInLines } from '../support/dump-store.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { startHttpVendor, type HttpVendor } from '../support/http-vendor.ts';
import { recordedKey } from '../support/payload-keys.ts';
import { findIn, readRawRuns } from '../support/raw-runs.ts';

const rules = ['/**/email', '/**/note', '/**/phone', 'x-note'];
const [, keyText = ''] = recordedKey.split(':');

/** Where the values of hidden fields are planted: each place has a marker of its own, so that a find says where it came from. */
interface Markers {
  /** In the body alone: no record has it. */
  inBodies: string[];
  inHeaders: string[];
  /** In bodies that no event can be read from: they are kept as they came, for a mended adapter. */
  inUnreadable: string[];
  /** In the vendor's records, and so in what destinations are handed and quote in their refusals. */
  inRecords: string[];
}

describe.each([
  ['plain', {}],
  ['encrypted', { LANDFALL_PAYLOAD_KEYS: recordedKey }],
])('what is secret or hidden, with %s payloads', (kind, keys: Record<string, string>) => {
  let harness: Harness;
  let crm: HttpVendor;
  let refuses = false;
  const log: string[] = [];
  const answers: string[] = [];
  const markers: Markers = { inBodies: [], inHeaders: [], inUnreadable: [], inRecords: [] };
  let secrets: string[];

  beforeAll(async () => {
    crm = await startHttpVendor(({ body }) =>
      refuses ? { status: 422, text: `I refuse: ${body}` } : { status: 200 },
    );
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        redaction: readRedaction(rules),
        destinations: [httpDestination({ name: 'crm', url: crm.url })],
      }),
      settings: { LANDFALL_LOG_LEVEL: 'trace', ...keys },
      logTo: { write: (line) => void log.push(line) },
    });
    const { password } = new URL(harness.runtime.config.databaseUrl ?? '');
    secrets = [harness.vendor.secret, harness.vendor.token, keyText, password].filter((text) => text !== '');
    await plant();
  });
  afterAll(async () => {
    await harness.stop();
    await crm[Symbol.asyncDispose]();
  });

  /** Every way that a delivery can take, each with markers. */
  async function plant(): Promise<void> {
    const { vendor } = harness;
    // Applied and handed on.
    const landed = vendor.createCustomer();
    await post(landed);
    await harness.event(landed.id).result();
    // The same event with another body (its note is another one): a conflict.
    await post(landed);
    // So large that its body is kept in the store.
    const large = vendor.createCustomer();
    await post({ ...large, long: 'x'.repeat(150_000) });
    await harness.event(large.id).result();
    // Refused by its destination, with the record in the answer: a dead letter.
    refuses = true;
    const failed = vendor.createCustomer();
    await post(failed);
    await expect(harness.event(failed.id).result()).rejects.toThrow();
    // Signed well and no event, or no JSON at all: dead letters of their own.
    await post({ data: { email: marker('inUnreadable') } }, 'inUnreadable');
    await post(Buffer.from(`{"email": "${marker('inUnreadable')}", `));
    // Not signed: a rejection.
    const rejected = await fetch(`${harness.url}/webhooks/${harness.source.name}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'demo-signature': 't=1,v1=00',
        'x-note': marker('inHeaders'),
        authorization: `Bearer ${marker('inHeaders')}`,
      },
      body: JSON.stringify({ email: marker('inBodies') }),
    });
    expect(rejected.status).toBe(401);
    answers.push(await rejected.text());
    // Three events' runs, and three dead letters.
    await vi.waitFor(
      async () => {
        const { client, store } = harness.runtime;
        const { name } = harness.source;
        expect(await store.listRejections(name, 10)).toHaveLength(1);
        expect(await store.listConflicts(name, 10)).toHaveLength(1);
        expect(await readRawRuns(client, name)).toHaveLength(6);
      },
      { timeout: 60_000, interval: 200 },
    );
  }

  function marker(where: keyof Markers): string {
    const text = `marker-${randomUUID()}`;
    markers[where].push(text);
    return text;
  }

  /** Posts with a marker in the body and in two headers. */
  async function post(body: Buffer | object, where: keyof Markers = 'inBodies'): Promise<void> {
    const { data } = body as { data?: { email?: string } };
    if (data?.email !== undefined && data.email.includes('@')) markers.inRecords.push(data.email);
    const whole = Buffer.isBuffer(body) ? body : { ...body, note: marker(where) };
    const answer = await harness.post(whole, {
      headers: { 'x-note': marker('inHeaders'), authorization: `Bearer ${marker('inHeaders')}` },
    });
    expect(answer.status).toBeLessThan(300);
    answers.push(JSON.stringify(answer.body));
  }

  const hidden = () => [...secrets, ...Object.values(markers).flat()];

  test('is in no log line', () => {
    expect(log.length).toBeGreaterThan(5);
    expect(findInLines(log, hidden())).toEqual([]);
  });

  test('is in no history, memo, summary or search attribute', async () => {
    const runs = await readRawRuns(harness.runtime.client, harness.source.name);
    // Without keys, records and what cannot be read pass through histories as they are: see docs/privacy.md.
    const passing = kind === 'plain' ? [...markers.inRecords, ...markers.inUnreadable] : [];
    expect(
      findIn(
        runs,
        hidden().filter((text) => !passing.includes(text)),
      ),
    ).toEqual([]);
    if (kind === 'plain') return;
    // Nor is what nobody has hidden.
    const names = harness.vendor
      .snapshot()
      .records.flatMap((record) => ('name' in record ? [record.name] : []));
    expect(names.length).toBeGreaterThan(1);
    expect(findIn(runs, [...names, 'refuse:'])).toEqual([]);
  });

  test('is in no table of the store, but for our copies of the records', async () => {
    const rows = await dumpStore(harness.runtime.config.databaseUrl);
    const copies = (row: string) =>
      row.startsWith('landfall.records ') || /^landfall\.processed\w* .*"previous_copy"/.test(row);
    expect(findInLines(rows, hidden()).filter((found) => !copies(found.split(' in ')[1] ?? ''))).toEqual([]);
    expect(
      findInLines(rows, [...secrets, ...markers.inBodies, ...markers.inHeaders, ...markers.inUnreadable]),
    ).toEqual([]);
  });

  test('is in no large body', async () => {
    const { config, store } = harness.runtime;
    const kept = z
      .array(z.object({ sha256: z.string() }))
      .parse(await query(config.databaseUrl ?? '', 'select sha256 from landfall.bodies'));
    const bodies = await Promise.all(
      kept.map(async ({ sha256 }) => (await store.readBody(sha256))?.toString() ?? ''),
    );
    expect(bodies.filter((body) => body.includes('xxx'))).toHaveLength(1);
    expect(findInLines(bodies, hidden())).toEqual([]);
  });

  test('is on no metrics page and in no answer', async () => {
    const ops = await startOps(harness.runtime, { host: '127.0.0.1', port: 0, readyWith: 'all' });
    try {
      for (const path of ['metrics', 'readyz', 'livez', 'nowhere']) {
        answers.push(await (await fetch(`${ops.url}/${path}`)).text());
      }
    } finally {
      await ops.stop();
    }
    expect(answers.join('\n')).toContain('landfall_');
    expect(findInLines(answers, hidden())).toEqual([]);
  });

  test('is on no page of the console, and in none of its answers to programs', async () => {
    const { runtime, source, vendor, deadLetters } = harness;
    const { name } = source;
    const letters = await deadLetters.list({ source: name });
    const runs = await readRawRuns(runtime.client, name);
    const events = runs.flatMap(({ workflowId }) =>
      workflowId.startsWith(`${name}:`) ? [workflowId.slice(name.length + 1)] : [],
    );
    const shown = [
      paths.sources,
      paths.source(name),
      paths.deadLetters(),
      paths.audit(),
      paths.reconciliations(),
      ...letters.map((letter) => paths.deadLetter(letter, { vendor: '1' })),
      ...[...events, ...letters.map(({ eventId }) => eventId)].map((eventId) =>
        paths.event({ source: name, eventId }),
      ),
      ...vendor
        .snapshot()
        .records.map(({ id }) => paths.entity(name, { type: 'customer', id }, { vendor: '1' })),
      ...events.map((eventId) => paths.search(eventId)),
    ];
    const ops = await startOps(runtime, { host: '127.0.0.1', port: 0, readyWith: 'all' });
    const pages: string[] = [];
    try {
      for (const path of shown) {
        for (const accept of ['text/html', 'application/json']) {
          const page = await fetch(new URL(path, ops.url), { headers: { accept } });
          expect(page.status, path).toBe(200);
          pages.push(await page.text());
        }
      }
    } finally {
      await ops.stop();
    }
    expect(findInLines(pages, hidden())).toEqual([]);
    // What is not hidden is there.
    expect(pages.filter((page) => page.includes('I refuse: ')).length).toBeGreaterThan(1);
    expect(pages.filter((page) => page.includes('[redacted]')).length).toBeGreaterThan(5);
  });

  test('is in no dead letter as people see it', async () => {
    const { source, deadLetters } = harness;
    const open = await deadLetters.list({ source: source.name });
    expect(open).toHaveLength(3);
    const shown = await Promise.all(
      open.map(async (ref) => {
        const { state, subject } = await deadLetters.show(ref);
        return JSON.stringify({ state, subject: redactSubject(source.redaction, subject) });
      }),
    );
    expect(findInLines(shown, hidden())).toEqual([]);
    // They say why, all the same.
    expect(shown.join('\n')).toContain('I refuse: ');
  });
});
