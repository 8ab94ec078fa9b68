import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createDeadLetters } from '../../src/temporal/dead-letters.ts';
import { scheduledSources } from '../../src/temporal/schedules.ts';
import { hmacScheme } from '../../src/verification/hmac.ts';
import { stripeScheme } from '../../src/verification/stripe.ts';
import { createDatabase } from '../support/create-database.ts';
import {
  type HttpVendor,
  startHttpVendor,
  type VendorReply,
  type VendorRequest,
} from '../support/http-vendor.ts';
import { runLandfall } from '../support/landfall-command.ts';
import { type LandfallProcess, startProcess } from '../support/landfall-process.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-temporal.ts';

const both = ['eu', 'us'] as const;
type Account = (typeof both)[number];
const local = '127.0.0.1';
const because = ['--by', 'ada@example.com', '--reason', 'the vendor is back'];
const patient = { timeout: 60_000 };

/** A vendor without code, impatient, so that what fails is a dead letter at once. */
const shop = (vendor: string) => ({
  name: 'shop',
  accounts: both,
  scheme: { type: 'hmac', header: 'x-shop-signature', algorithm: 'sha256', encoding: 'hex' },
  secretEnv: 'SHOP_SECRET',
  ...{ id: '/id', type: '/type', entity: { type: 'customer', id: '/customer' }, version: '/revision' },
  fetch: {
    urlTemplate: `${vendor}/shop/{account}/customers/{id}`,
    ...{ tokenEnv: 'SHOP_TOKEN', versionPointer: '/revision' },
  },
  destination: { name: 'crm', url: `${vendor}/crm`, tokenEnv: 'CRM_TOKEN' },
  retry: { maximumAttempts: 2, initialIntervalMilliseconds: 20, maximumIntervalMilliseconds: 20 },
});

const secrets = { eu: 'the-secret-of-europe', us: 'the-secret-of-america' };
const settingsOf = (account: Account) => {
  const name = account.toUpperCase();
  return {
    [`SHOP_SECRET_${name}`]: secrets[account],
    [`SHOP_TOKEN_${name}`]: `shop-token-${account}`,
    [`CRM_TOKEN_${name}`]: `crm-token-${account}`,
    [`STRIPE_WEBHOOK_SECRET_${name}`]: `whsec_${account}`,
    [`STRIPE_API_KEY_${name}`]: `sk_test_${account}`,
  };
};

/** Both vendors and the CRM: what each account's token may see is its own. */
function createOffice() {
  const down = new Set<Account>();
  const listed: Record<Account, object[]> = { eu: [], us: [] };
  const bearer = ({ headers }: VendorRequest) => headers.authorization?.replace(/^Bearer /, '') ?? '';
  const accountOf = (token: string) => both.find((each) => token.endsWith(each));
  const answer = (request: VendorRequest): VendorReply => {
    const { pathname } = request.url;
    const [, place, ...path] = pathname.split('/');
    const account = accountOf(bearer(request));
    if (account === undefined) return { status: 401 };
    if (place === 'crm') return { status: 204, text: '' };
    if (place === 'shop') {
      const [of, , id] = path;
      if (of !== account) return { status: 403 };
      if (down.has(account)) return { status: 503, text: 'closed for repairs' };
      return { json: { id, name: `Ada of ${account}`, revision: 2 } };
    }
    const [collection, id] = path;
    if (id !== undefined) return { json: { id, object: 'customer', email: `ada@${account}.example.com` } };
    return {
      json: { object: 'list', has_more: false, data: collection === 'events' ? listed[account] : [] },
    };
  };
  return { answer, down, listed };
}

describe('two accounts of one vendor, by the same ids', { timeout: 300_000 }, () => {
  const office = createOffice();
  let folder: string;
  let temporal: OwnTemporal;
  let connection: Connection;
  let client: Client;
  let store: Store;
  let vendor: HttpVendor;
  let settings: Record<string, string>;
  let ports: { receiver: number; ops: number; workerOps: number };
  let processes: LandfallProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-accounts-'));
    temporal = await startOwnTemporal();
    connection = await Connection.connect({ address: temporal.address });
    client = new Client({ connection });
    vendor = await startHttpVendor(office.answer);
    const databaseUrl = await createDatabase(inject('postgresUrl'));
    store = await openStore({ databaseUrl, dataDirectory: null, poolSize: 2 });
    ports = { receiver: await getPort(), ops: await getPort(), workerOps: await getPort() };
    await writeFile(join(folder, 'sources.json'), JSON.stringify([shop(vendor.url)]));
    settings = {
      ...{ TEMPORAL_ADDRESS: temporal.address, DATABASE_URL: databaseUrl, LANDFALL_HOST: local },
      ...{ LANDFALL_PORT: String(ports.receiver), LANDFALL_OPS_HOST: local, LANDFALL_SHUTDOWN_GRACE: '2s' },
      LANDFALL_SOURCES_FILE: join(folder, 'sources.json'),
      ...{ STRIPE_ACCOUNTS: 'eu,us', STRIPE_API_URL: vendor.url, STRIPE_BACKFILL: 'customer' },
      ...settingsOf('eu'),
      ...settingsOf('us'),
    };
    await start();
  }, 300_000);
  afterAll(async () => {
    await stop();
    await store.close();
    await vendor[Symbol.asyncDispose]();
    await connection.close();
    await temporal.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    const ops = (port: number) => ({ ...settings, LANDFALL_OPS_PORT: String(port) });
    // The worker first: it prepares the tables.
    processes = [await startProcess('worker', ops(ports.workerOps))];
    processes.push(await startProcess('receiver', ops(ports.ops)));
  }
  async function stop(): Promise<void> {
    for (const each of processes) await each[Symbol.asyncDispose]();
    processes = [];
  }

  async function post(path: string, body: object, signedBy: Account) {
    const bytes = Buffer.from(JSON.stringify(body));
    const signing = { secrets: [secrets[signedBy]], algorithm: 'sha256', encoding: 'hex' } as const;
    const scheme = path.startsWith('stripe')
      ? stripeScheme({ secrets: [`whsec_${signedBy}`] })
      : hmacScheme({ ...signing, header: 'x-shop-signature' });
    const response = await fetch(`http://${local}:${ports.receiver}/webhooks/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(await scheme.sign(bytes, { id: '', now: Date.now() })),
      },
      body: bytes,
    });
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  }
  const landfall = (...args: string[]) => runLandfall(args, settings);
  const sold = (id: string) => ({ id, type: 'customer.updated', customer: 'cus_1', revision: 2 });
  const outcomeOf = (source: string, id: string) =>
    client.workflow
      .getHandle(`${source}:${id}`)
      .result()
      .then(({ outcome }: { outcome: string }) => outcome);
  const recordOf = (source: string) => store.findRecord(source, { type: 'customer', id: 'cus_1' });
  /** The series of a metric, by its labels. */
  async function series(port: number, metric: string): Promise<Record<string, number>> {
    const text = await (await fetch(`http://${local}:${port}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
    return Object.fromEntries(
      lines.map((line) => [/\{(.*)\}/.exec(line)?.[1] ?? '', Number(line.split(' ').at(-1))]),
    );
  }

  test('both land, apart, each read with its own token and handed on with its own', async () => {
    for (const account of both) {
      const key = `shop/${account}`;
      expect(await post(key, sold('evt_1'), account)).toMatchObject({
        ...{ status: 200, answer: { workflowId: `${key}:evt_1`, duplicate: false } },
      });
      expect(await outcomeOf(key, 'evt_1')).toBe('applied');
      expect(await recordOf(key)).toMatchObject({ data: { name: `Ada of ${account}` } });
      expect(await post(key, sold('evt_1'), account)).toMatchObject({ answer: { duplicate: true } });
      const { priority } = await client.workflow.getHandle(`${key}:evt_1`).describe();
      expect(priority).toMatchObject({ fairnessKey: key });
    }
    const handedOn = vendor.requests.filter(({ url }) => url.pathname === '/crm');
    expect(
      handedOn.map(({ headers, body }) => ({
        token: headers.authorization,
        key: headers['idempotency-key'],
        ...(JSON.parse(body) as { source: string; record: object }),
      })),
    ).toMatchObject(
      both.map((account) => ({
        ...{ token: `Bearer crm-token-${account}`, key: `shop/${account}:evt_1:crm:2` },
        ...{ source: `shop/${account}`, record: { name: `Ada of ${account}` } },
      })),
    );
    expect(await series(ports.workerOps, 'landfall_outcomes_total')).toMatchObject({
      'source="shop/eu",outcome="applied"': 1,
      'source="shop/us",outcome="applied"': 1,
    });
  });

  test('the secret of one opens no other’s path, and is counted there alone', async () => {
    const { status, answer } = await post('shop/us', sold('evt_forged'), 'eu');
    expect(status).toBe(401);
    expect(answer).toMatchObject({ reason: 'bad_signature' });
    const refused = await series(ports.ops, 'landfall_rejections_total');
    expect(refused).toEqual({ 'source="shop/us",reason="bad_signature"': 1 });
    await expect.poll(() => store.listRejections('shop/us', 10), patient).toHaveLength(1);
    expect(await store.listRejections('shop/eu', 10)).toEqual([]);
  });

  test('a path of no account is answered as that of no source, and only the log says which there are', async () => {
    const answers = [];
    for (const path of ['nobody', 'nobody/eu', 'shop', 'shop/asia', 'stripe', 'stripe/asia']) {
      const { status, answer } = await post(path, sold('evt_lost'), 'eu');
      expect(status, path).toBe(404);
      answers.push(JSON.stringify(answer));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('/webhooks/<source>/<account>');
    expect(answers[0]).not.toMatch(/\beu\b|\bus\b|shop|stripe/);
    const said =
      processes[1]
        ?.output()
        .split('\n')
        .filter((line) => line.includes('no account')) ?? [];
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('"paths":["/webhooks/shop/eu","/webhooks/shop/us"]');
  });

  test('one whose vendor is down has a dead letter, and holds up nothing of the other', async () => {
    office.down.add('eu');
    for (const account of both) await post(`shop/${account}`, { ...sold('evt_2'), revision: 1 }, account);
    await expect(client.workflow.getHandle('shop/eu:evt_2').result()).rejects.toThrow();
    expect(await outcomeOf('shop/us', 'evt_2')).toBe('unchanged');
    const open = async () => (await createDeadLetters(client).list({})).map(({ workflowId }) => workflowId);
    await expect.poll(open, patient).toEqual(['dead-letter:shop/eu:evt_2']);
    expect(await series(ports.workerOps, 'landfall_dead_letters_opened_total')).toEqual({
      'source="shop/eu",code="LANDFALL_VENDOR_UNAVAILABLE"': 1,
    });

    expect((await landfall('dead-letters', 'list', '--source', 'shop/eu')).stdout).toMatch(
      /shop\/eu +evt_2 /,
    );
    expect((await landfall('dead-letters', 'list', '--source', 'shop/us')).stdout).toMatch(/^No dead letter/);
    expect((await landfall('dead-letters', 'show', 'shop/eu:evt_2')).stdout).toContain(
      'dead-letter:shop/eu:evt_2: open',
    );
    // Where the Temporal UI finds the failed run: the slash of the account does not end the id.
    const shown = await client.workflow
      .getHandle('dead-letter:shop/eu:evt_2')
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(shown.currentDetails).toMatch(
      /\(\/namespaces\/default\/workflows\/shop%2Feu%3Aevt_2\/[\w-]+\/history\)/,
    );
    expect(shown.currentDetails).toContain("--workflow-id 'dead-letter:shop/eu:evt_2'");

    office.down.delete('eu');
    const replayed = await landfall('dead-letters', 'replay', 'shop/eu:evt_2', ...because);
    expect(replayed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await outcomeOf('shop/eu', 'evt_2')).toBe('unchanged');
    await expect.poll(open, patient).toEqual([]);
  });

  test('each is reconciled by a schedule of its own, with its own key and its own report', async () => {
    const schedules = async () => (await scheduledSources(client)).sort();
    await expect.poll(schedules, patient).toEqual(['stripe/eu', 'stripe/us']);
    // The first runs, begun by their schedules.
    const runs = async () => Object.keys(await series(ports.workerOps, 'landfall_reconciliation_runs_total'));
    await expect
      .poll(runs, patient)
      .toEqual(expect.arrayContaining(both.map((account) => `source="stripe/${account}",complete="true"`)));
    const reports = (account: Account) => store.listReports(`stripe/${account}`, 10);
    const before = { eu: await reports('eu'), us: await reports('us') };

    office.listed.eu = [stripeEvent('evt_9')];
    const reconciled = await landfall('reconcile', 'stripe/eu');
    expect(reconciled).toMatchObject({ exitCode: 0, stderr: '' });
    expect(reconciled.stdout).toMatch(/^stripe\/eu since .*: 1 scanned, 1 missing, 0 stale; 1 repaired/);
    expect(await recordOf('stripe/eu')).toMatchObject({ data: { email: 'ada@eu.example.com' } });
    expect(await recordOf('stripe/us')).toBeNull();
    expect(await reports('eu')).toHaveLength(before.eu.length + 1);
    expect(await reports('us')).toEqual(before.us);

    // The webhook of the same event comes late, and the same id at the other account is another event.
    expect(await post('stripe/eu', stripeEvent('evt_9'), 'eu')).toMatchObject({
      answer: { duplicate: true },
    });
    expect(await post('stripe/us', stripeEvent('evt_9'), 'us')).toMatchObject({
      answer: { duplicate: false },
    });
    expect(await outcomeOf('stripe/us', 'evt_9')).toBe('applied');
    expect(await recordOf('stripe/us')).toMatchObject({ data: { email: 'ada@us.example.com' } });
  });

  test('the commands take an account by its name', { timeout: 120_000 }, async () => {
    const [sent, sources, none] = await Promise.all([
      landfall('send', 'stripe/eu'),
      landfall('sources'),
      landfall('send', 'stripe'),
    ]);
    expect(sent).toMatchObject({ exitCode: 0, stderr: '' });
    expect(sent.stdout).toContain('"workflowId":"stripe/eu:evt_1LandfallSample"');
    expect(sources.stdout).toMatch(/^stripe\/eu +\/webhooks\/stripe\/eu +stripe +fetched fresh +every 1d/m);
    expect(sources.stdout).toMatch(
      /^shop\/us +\/webhooks\/shop\/us +hmac +fetched fresh +no +crm +2 attempts/m,
    );
    expect(sources.stdout).not.toMatch(/^Off:.*stripe/m);
    // What was accepted is counted a little later than what was refused, and a source that takes nothing at all is a failure.
    const doctor = await vi.waitFor(
      async () => {
        const examined = await landfall('doctor');
        expect(examined, examined.stdout).toMatchObject({ exitCode: 0, stderr: '' });
        return examined;
      },
      { timeout: 90_000, interval: 1_000 },
    );
    for (const account of both) {
      expect(doctor.stdout).toMatch(new RegExp(`^ok +source stripe/${account}$`, 'm'));
      expect(doctor.stdout).toMatch(new RegExp(`^ok +schedule reconcile-stripe/${account}$`, 'm'));
    }
    expect(none.exitCode).not.toBe(0);
    expect(none.stderr).toContain('"stripe" is not on here (on: stripe/eu, stripe/us, shop/eu, shop/us)');
  });

  test('one that is switched off is gone, and what it brought stays', async () => {
    await stop();
    settings = { ...settings, STRIPE_ACCOUNTS: 'us' };
    await writeFile(
      join(folder, 'sources.json'),
      JSON.stringify([{ ...shop(vendor.url), accounts: ['us'] }]),
    );
    await start();

    expect(await post('shop/eu', sold('evt_3'), 'eu')).toMatchObject({ status: 404 });
    expect(await post('stripe/eu', stripeEvent('evt_10'), 'eu')).toMatchObject({ status: 404 });
    expect(await post('shop/us', sold('evt_3'), 'us')).toMatchObject({ status: 200 });
    expect(await outcomeOf('shop/us', 'evt_3')).toBe('unchanged');
    for (const key of ['shop/eu', 'stripe/eu']) expect(await recordOf(key)).toMatchObject({ deleted: false });

    const { stdout } = await landfall('doctor');
    expect(stdout).toMatch(/^ok +schedule reconcile-stripe\/us$/m);
    expect(stdout).toMatch(
      /^warning schedule reconcile-stripe\/eu: its source .* not on$\n.*--schedule-id reconcile-stripe\/eu$/m,
    );
  });
});

function stripeEvent(id: string) {
  const customer = { id: 'cus_1', object: 'customer', email: 'ada@example.com' };
  const created = Math.floor(Date.now() / 1_000);
  return {
    id,
    object: 'event',
    type: 'customer.updated',
    created,
    livemode: false,
    data: { object: customer },
  };
}
