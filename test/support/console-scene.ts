import { vi } from 'vitest';
import { startOps } from '../../src/cli/start-ops.ts';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import type { EntityRef } from '../../src/model/event.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { readRedaction } from '../../src/privacy/redaction.ts';
import { genericSource } from '../../src/sources/generic.ts';
import { genericSourceSchema } from '../../src/sources/generic-schema.ts';
import { buildReport } from './build-apply.ts';
import { type Harness, startHarness, uniqueName, withoutListing } from './harness.ts';

/** A little company as people meet it in the console: what went well, what was refused, what waits for somebody. */
export interface ConsoleScene {
  harness: Harness;
  /** `http://127.0.0.1:<port>/console`. */
  url: string;
  /** Handed on to a CRM, and reconciled. */
  shop: Source;
  /** Another account of the same vendor; its dead letters are in order of their opening. */
  billing: Source;
  /** Has no API: its payloads are all there is. */
  ledger: Source;
  /** Of the shop: created, updated twice, and then it could not be fetched. */
  customer: EntityRef;
  /** Of the shop: its first event. */
  firstEventId: string;
  /** Of the shop, about the customer. */
  letter: string;
  /** Of billing. */
  letters: string[];
  /** Of the ledger: the id of an event that was dropped because our copy was newer, and its record. */
  stale: { eventId: string; entity: EntityRef };
  /** Secrets, each of which was sent in, or answered, somewhere where it could have been kept. */
  planted: readonly string[];
  /** Values that came in where the rules of every source hide them. */
  hidden: readonly string[];
  stop(): Promise<void>;
}

/** What nobody gets to see of any source. */
const redaction = readRedaction(['/**/email', 'x-customer-note']);
const hiddenNote = 'planted-in-a-hidden-header-77ac';
const headerSecret = 'planted-in-a-header-9d1f';
const ledgerSecret = 'planted-as-the-secret-of-the-ledger';

/**
 * Plays the scene.
 *
 * @param options.names - whether the sources have fine names, which no other test may use at the same time. @default false
 * @param options.letters - dead letters of billing. @default 3
 * @param options.settings - further settings
 */
export async function playConsoleScene({
  names = false,
  letters: wanted = 3,
  settings = {},
}: { names?: boolean; letters?: number; settings?: Record<string, string> } = {}): Promise<ConsoleScene> {
  const name = (plain: string) => (names ? plain : uniqueName(plain));
  let billing: Source | undefined;
  const ledger = describedSource(name('ledger'));
  const harness = await startHarness({
    change: (source) => {
      billing = { ...withoutListing(source), name: name('billing'), redaction };
      return { ...withoutListing(source), name: name('shop'), redaction };
    },
    sources: () => [...(billing === undefined ? [] : [billing]), ledger],
    settings,
  });
  if (billing === undefined) throw new Error('the harness changes its source');
  const { runtime, vendor, source: shop } = harness;
  for (const secret of [headerSecret, ledgerSecret]) runtime.config.secrets.add(secret);
  const ops = await startOps(runtime, {
    host: '127.0.0.1',
    port: 0,
    readyWith: 'all',
    temporalUiUrl: 'http://127.0.0.1:8233',
  });
  const end = (id: string, of: Source) => harness.event(id, of).result();
  const secretHeaders = {
    authorization: `Bearer ${headerSecret}`,
    'x-note': `not to be seen: ${headerSecret}`,
    'x-customer-note': hiddenNote,
  };

  const created = vendor.createCustomer();
  await harness.post(created, { headers: secretHeaders });
  await end(created.id, shop);
  const { id } = created.data;
  const updated = vendor.update(id);
  await harness.post(updated);
  await end(updated.id, shop);
  await harness.post(updated);
  vendor.setFaults({ ...noFaults, apiErrors: 1 });
  const failing = vendor.update(id);
  await harness.post(failing, { headers: secretHeaders });
  await end(failing.id, shop).catch(() => undefined);

  const letters: string[] = [];
  for (let index = 0; index < wanted; index += 1) {
    const event = index % 3 === 2 ? vendor.createOrder(id) : vendor.createCustomer();
    await harness.post(event, { source: billing });
    await end(event.id, billing).catch(() => undefined);
    letters.push(event.id);
  }
  vendor.setFaults(noFaults);
  await harness.post(Buffer.from('{"no": "event"}'), { source: billing });

  const first = vendor.createCustomer();
  const newer = vendor.update(first.data.id);
  for (const event of [newer, first]) {
    await harness.post(event, { source: ledger, headers: secretHeaders });
    await end(event.id, ledger);
  }

  for (let index = 0; index < 4; index += 1) {
    const body = Buffer.from(JSON.stringify({ id: `evt_forged_${index}` }));
    const signature = await shop.verification.sign(body, { id: `msg_${index}`, now: Date.now() });
    await fetch(`${harness.url}/webhooks/${shop.name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(index === 0 ? {} : signature), ...secretHeaders },
      body: `${body.toString()} `,
    });
  }
  const day = 86_400_000;
  const midnight = Math.floor(Date.now() / day) * day;
  for (const source of [shop, billing]) {
    for (let nights = 20; nights > 0; nights -= 1) {
      const finishedAt = new Date(midnight - nights * day + 125_000).toISOString();
      const missing = nights === 6 ? 14 : nights % 4 === 1 ? 1 : 0;
      const stale = nights % 5 === 2 ? 2 : 0;
      const report = buildReport({
        source: source.name,
        workflowId: `reconcile:${source.name}`,
        startedAt: new Date(midnight - nights * day).toISOString(),
        finishedAt,
        since: new Date(midnight - (nights + 1) * day - 3_600_000).toISOString(),
        pages: 12,
        scanned: 900 + ((nights * 137) % 400),
        missing,
        stale,
        repaired: missing + stale,
        ...(nights === 6 ? { alert: 'More than usual had not come by webhook.' } : {}),
      });
      await runtime.store.saveReport(report, null);
    }
  }
  // Visibility learns of all that a moment later; deliveries and rejections are written by the receiver every few seconds.
  await vi.waitFor(
    async () => {
      const open = await harness.deadLetters.list({ source: billing?.name ?? '' });
      if (open.length < wanted + 1) throw new Error(`${open.length} dead letters are known`);
      const ofShop = await harness.deadLetters.list({ source: shop.name });
      if (ofShop.length < 1) throw new Error('the dead letter of the shop is not known');
      const refused = await runtime.store.listRejections(shop.name, 10);
      if (refused.length < 4) throw new Error('the rejections are not written');
      const rates = await runtime.store.measureDeliveries([shop.name, billing?.name ?? '', ledger.name]);
      if (rates.some(({ lastHour }) => lastHour < 2)) throw new Error('the deliveries are not written');
    },
    { timeout: 60_000, interval: 200 },
  );

  return {
    harness,
    url: `${ops.url}/console`,
    shop,
    billing,
    ledger,
    customer: { type: 'customer', id },
    firstEventId: created.id,
    letter: failing.id,
    letters,
    stale: { eventId: first.id, entity: { type: 'customer', id: first.data.id } },
    planted: [vendor.secret, vendor.token, headerSecret, ledgerSecret],
    hidden: [hiddenNote, ...[created, failing, first].map(({ data }) => emailIn(data))],
    async stop() {
      await ops.stop();
      await harness.stop();
    },
  };
}

/** A vendor without an API, described without code: what its payloads say is all there is. */
function describedSource(name: string): Source {
  const spec = genericSourceSchema.parse({
    name,
    scheme: { type: 'hmac', header: 'x-signature', algorithm: 'sha256', encoding: 'hex' },
    secretEnv: 'LEDGER_SECRET',
    id: '/id',
    type: '/type',
    entity: { type: '/data/object', id: '/data/id' },
    version: '/data/version',
    sourceTime: '/data/updated_at',
    deletes: { pointer: '/data/deleted', equals: true },
    record: '/data',
  });
  return { ...genericSource(spec, { LEDGER_SECRET: ledgerSecret }), redaction };
}

function emailIn(record: object): string {
  if ('email' in record && typeof record.email === 'string') return record.email;
  throw new Error('a customer of the demo vendor has an e-mail address');
}
