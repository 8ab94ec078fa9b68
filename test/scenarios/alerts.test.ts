import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startOps } from '../../src/cli/start-ops.ts';
import { paths } from '../../src/console/paths.ts';
import type { DemoVendor } from '../../src/dev/demo-vendor/demo-vendor.ts';
import { VendorDeniedError } from '../../src/errors.ts';
import { type AlertKind, alertKinds } from '../../src/model/alerts.ts';
import type { RejectionCause } from '../../src/model/judge-rejections.ts';
import type { Source } from '../../src/sources/define-source.ts';
import { alertsWorkflowId } from '../../src/temporal/alerts.ts';
import { startReconciliation } from '../../src/temporal/reconciliations.ts';
import { query } from '../support/create-database.ts';
import { createDemoSource, fastRetry, type Harness, startHarness, uniqueName } from '../support/harness.ts';
import { runLandfall } from '../support/landfall-command.ts';
import { type OutageVendor, startOutageVendor } from '../support/outage-vendor.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-temporal.ts';
import { recordHistory } from '../support/record-history.ts';
import { startWebhookTarget, type WebhookTarget } from '../support/webhook-target.ts';

const [second, minute, day] = [1_000, 60_000, 86_400_000];
const secret = `whsec_${Buffer.from('the secret of the people on call').toString('base64')}`;
const ada = ['--by', 'ada@example.com', '--reason', 'a maintenance'];
const patience = { timeout: 90_000, interval: 200 };

/** What people were told, in its order. */
interface Told {
  alert: string;
  phase: 'begun' | 'ended';
  severity: string;
  text: string;
  cause: string | null;
}

/** Each alert by its cause, over HTTP to whoever is on call: one message when it begins, one when it is over. */
describe('an alert', { timeout: 240_000 }, () => {
  let temporal: OwnTemporal;
  let outage: OutageVendor;
  let target: WebhookTarget;
  let harness: Harness;
  /** A source for each cause: none sees what becomes of another. */
  let poisoned: Source;
  let away: Source;
  let quiet: Source;
  let late: Source;
  let rotated: Source;
  let probed: Source;
  let missed: Source;
  let refusing: Source;
  let overdue: Source;
  /** What the API answers for a customer, where it is not 200. */
  const answers = new Map<string, number>();
  /** Whether the list of `refusing` is refused. */
  let refuses = false;
  const proven = new Set<AlertKind>();

  beforeAll(async () => {
    // Its own server, which is stopped.
    temporal = await startOwnTemporal();
    outage = await startOutageVendor();
    outage.api = (customer) => answers.get(customer) ?? 200;
    target = await startWebhookTarget(() => secret);
    [poisoned, away, rotated, probed] = [outage.source(), outage.source(), outage.source(), outage.source()];
    quiet = { ...outage.source(), watch: { everyMilliseconds: 500, minimumMilliseconds: minute } };
    late = outage.source({}, { occurredAt: '/created' });
    harness = await startHarness({
      temporalAddress: temporal.address,
      sources: (vendor) => {
        [missed, refusing, overdue] = [listed(vendor), listed(vendor, () => refuses), listed(vendor)];
        return [poisoned, away, quiet, late, rotated, probed, missed, refusing, overdue];
      },
      settings: {
        LANDFALL_ALERT_EVERY: '2s',
        LANDFALL_ALERT_SETTLE: '3s',
        LANDFALL_ALERT_DEAD_LETTER_AGE: '1s',
        LANDFALL_ALERT_INBOX: '1s',
        LANDFALL_ALERT_WEBHOOK_URL: target.url,
        LANDFALL_ALERT_WEBHOOK_SECRET: secret,
      },
    });
    // As though its receiver had run for long.
    await vi.waitFor(async () => expect(await harness.runtime.store.listReceiverStarts(0)).toHaveLength(1));
    await inStore("update landfall.receiver_starts set at = at - interval '1 day'");
    // The first run of each schedule is the backfill.
    for (const { name } of [missed, refusing, overdue]) {
      await vi.waitFor(async () => {
        expect(await harness.runtime.store.findCursor(name)).not.toBeNull();
      }, patience);
    }
  });
  afterAll(async () => {
    await harness.stop();
    await target.close();
    await outage[Symbol.asyncDispose]();
    await temporal.stop();
  });

  /** A source that lists its changes. */
  const listed = (vendor: DemoVendor, isRefused = () => false): Source => {
    const { listChanged, ...demo } = createDemoSource(vendor);
    return {
      ...demo,
      name: uniqueName('listed'),
      retry: fastRetry,
      reconcile: {
        ...demo.reconcile,
        everyMilliseconds: day,
        overlapMilliseconds: second,
        graceMilliseconds: 0,
      },
      async listChanged(range, context) {
        if (isRefused()) throw new VendorDeniedError('The key is no longer good.');
        return (await listChanged?.(range, context)) ?? { changes: [], nextCursor: null };
      },
    };
  };
  const told = (alert: string): Told[] =>
    target.arrived
      .map(({ body }) => (JSON.parse(body) as { data: Told }).data)
      .filter((each) => each.alert === alert);
  const nameOf = (kind: AlertKind, source: Source | null) =>
    source === null ? kind : `${kind}:${source.name}`;
  const begun = (kind: AlertKind, source: Source | null = null): Promise<Told> =>
    vi.waitFor(() => {
      const [first] = told(nameOf(kind, source));
      if (first === undefined) throw new Error(`nobody is told of ${kind}`);
      expect(first.phase).toBe('begun');
      return first;
    }, patience);
  /** It is over, and people were told twice altogether. */
  const ended = async (kind: AlertKind, source: Source | null = null): Promise<void> => {
    await vi.waitFor(() => {
      expect(told(nameOf(kind, source)).map(({ phase }) => phase)).toEqual(['begun', 'ended']);
    }, patience);
    proven.add(kind);
  };
  const reconcile = async ({ name }: Source): Promise<unknown> => {
    const { client, config } = harness.runtime;
    const run = await startReconciliation(client, { source: name, since: null }, config.taskQueue);
    return run.result();
  };
  const postForged = async (source: Source, count: number) => {
    for (let index = 0; index < count; index += 1) {
      const forged = { 'x-signature': '0'.repeat(64) };
      expect((await harness.post(outage.change(), { source, headers: forged })).status).toBe(401);
    }
  };
  /** A habit of fifteen days, until `last`: a delivery every second. */
  const seed = (source: Source, last: number) => {
    const slot = 5 * minute;
    const first = last - 15 * day;
    const batches = Array.from({ length: Math.floor((last - first) / slot) }, (_, index) => ({
      source: source.name,
      firstAt: first + index * slot + second,
      lastAt: first + (index + 1) * slot,
      count: 300,
    }));
    return harness.runtime.store.recordArrivals(batches);
  };
  const inStore = (statement: string) => query(harness.runtime.config.databaseUrl ?? '', statement);
  const landfall = (...args: string[]) =>
    runLandfall(args, {
      TEMPORAL_ADDRESS: temporal.address,
      DATABASE_URL: harness.runtime.config.databaseUrl ?? '',
      LANDFALL_TASK_QUEUE: harness.runtime.config.taskQueue,
    });

  test.concurrent(
    'says that a dead letter waits, and that it waits for too long, until somebody decides',
    async () => {
      const event = outage.change();
      answers.set(event.data.id, 422);
      await harness.post(event, { source: poisoned });
      const first = await begun('dead-letters', poisoned);
      expect(first).toMatchObject({
        severity: 'warning',
        text: expect.stringMatching(/^One event has failed/),
      });
      expect(await begun('old-dead-letters', poisoned)).toMatchObject({ severity: 'critical' });

      const which = `${poisoned.name}:${event.id}`;
      expect(await landfall('dead-letters', 'discard', which, ...ada, '--yes')).toMatchObject({
        exitCode: 0,
      });
      await ended('dead-letters', poisoned);
      await ended('old-dead-letters', poisoned);
    },
  );

  test.concurrent('says that a source is held, until a probe gets through', async () => {
    const events = Array.from({ length: 3 }, () => outage.change());
    for (const { data } of events) answers.set(data.id, 503);
    for (const event of events) await harness.post(event, { source: away });
    expect((await begun('held', away)).text).toContain('LANDFALL_VENDOR_UNAVAILABLE');

    for (const { data } of events) answers.delete(data.id);
    await ended('held', away);
  });

  test.concurrent('says that no delivery arrives, until one does', async () => {
    await seed(quiet, Date.now() - minute - second);
    expect(await begun('silence', quiet)).toMatchObject({ severity: 'critical' });

    await harness.post(outage.change(), { source: quiet });
    await ended('silence', quiet);
  });

  test.concurrent(
    'says that every delivery is refused, and what it is likely to be, until a good one arrives',
    async () => {
      await seed(rotated, Date.now() - 100 * second);
      await postForged(rotated, 12);
      const cause: RejectionCause = 'key-rotated';
      expect(await begun('all-rejected', rotated)).toMatchObject({ severity: 'critical', cause });

      await harness.post(outage.change(), { source: rotated });
      await ended('all-rejected', rotated);
      // The worse of the two has said it all.
      expect(told(nameOf('rejections', rotated))).toEqual([]);
    },
  );

  test.concurrent('says that many are refused beside good ones, until they are few again', async () => {
    await seed(probed, Date.now());
    await postForged(probed, 12);
    const cause: RejectionCause = 'probing';
    expect(await begun('rejections', probed)).toMatchObject({ severity: 'warning', cause });

    // Ten minutes later.
    await inStore(
      `update landfall.rejection_counts set minute = minute - interval '10 minutes' where source = '${probed.name}'`,
    );
    await ended('rejections', probed);
  });

  test.concurrent('says that changes are applied late, until they are in time again', async () => {
    const change = async (created: number) => {
      const event = { ...outage.change(), created: new Date(created).toISOString() };
      await harness.post(event, { source: late });
    };
    for (let count = 0; count < 3; count += 1) await change(Date.now() - 60 * minute);
    expect((await begun('lag', late)).text).toContain('3 of the last 3 changes');

    for (let count = 0; count < 3; count += 1) await change(Date.now());
    await ended('lag', late);
  });

  test.concurrent('says that webhooks are missed, until a reconciliation finds none', async () => {
    for (let count = 0; count < 4; count += 1) harness.vendor.createCustomer();
    await reconcile(missed);
    await begun('reconciliation-misses', missed);

    await reconcile(missed);
    await ended('reconciliation-misses', missed);
  });

  test.concurrent('says that a reconciliation broke off, until one reads everything', async () => {
    refuses = true;
    await expect(reconcile(refusing)).rejects.toThrow();
    await begun('reconciliation-incomplete', refusing);

    refuses = false;
    await reconcile(refusing);
    await ended('reconciliation-incomplete', refusing);
  });

  test.concurrent('says that reconciliation is overdue, until one has completed', async () => {
    // Two days later, in which none ran.
    await inStore(
      `update landfall.cursors set reconciled_until = reconciled_until - interval '2 days' where source = '${overdue.name}'`,
    );
    await begun('reconciliation-overdue', overdue);

    await reconcile(overdue);
    await ended('reconciliation-overdue', overdue);
  });

  test('is told to nobody while it is silenced, and to people when the silence ends before it', async () => {
    const alert = nameOf('reconciliation-misses', missed);
    const before = told(alert).length;
    const silenced = await landfall('alerts', 'silence', alert, '--for', '1h', ...ada);
    expect(silenced).toMatchObject({ exitCode: 0, stderr: '' });
    expect(silenced.stdout).toMatch(new RegExp(`^${alert}: nobody is told until `));
    for (let count = 0; count < 4; count += 1) harness.vendor.createCustomer();
    await reconcile(missed);
    await expect
      .poll(async () => (await landfall('alerts')).stdout, patience)
      .toMatch(new RegExp(`${alert} +warning +silenced`));
    expect(told(alert)).toHaveLength(before);
    expect((await landfall('alerts')).stdout).not.toContain('wait to be sent');
    // Who looks sees it all the same.
    const ops = await startOps(harness.runtime, { host: '127.0.0.1', port: 0, readyWith: 'all' });
    const page = async (path: string) => (await fetch(new URL(path, ops.url))).text();
    expect(await page(paths.sources)).toContain(`<strong>${alert}</strong>`);
    expect(await page(paths.source(missed.name))).toContain(`<strong>${alert}</strong>`);
    expect(await page(paths.source(late.name))).not.toContain(alert);
    await ops.stop();

    expect(await landfall('alerts', 'unsilence', alert, ...ada)).toMatchObject({ exitCode: 0 });
    await expect.poll(() => told(alert).length, patience).toBe(before + 1);
    const { stdout } = await landfall('audit', '--target', `alert:${alert}`, '--json');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { action: 'alert.unsilence', by: 'ada@example.com', via: 'cli', source: missed.name },
      { action: 'alert.silence', by: 'ada@example.com', reason: 'a maintenance', via: 'cli' },
    ]);
    const { client, config } = harness.runtime;
    await recordHistory(client, 'judge-alerts', { workflowId: alertsWorkflowId(config.taskQueue) });
  });

  test('says that processing stands still and the inbox fills, by the receiver alone, until Temporal is back', async () => {
    process.kill(temporal.pid, 'SIGSTOP');
    try {
      expect((await harness.post(outage.change(), { source: away })).status).toBe(202);
      expect(await begun('inbox')).toMatchObject({ severity: 'critical' });
      expect(await begun('processing')).toMatchObject({ severity: 'critical' });
    } finally {
      process.kill(temporal.pid, 'SIGCONT');
    }
    await ended('inbox');
    await ended('processing');
  });

  test('is proven of each kind that there is, and every message is signed', () => {
    expect([...proven].sort()).toEqual([...alertKinds].sort());
    expect(target.arrived.every(({ signed }) => signed)).toBe(true);
  });
});
