import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import { createDatabase } from '../support/create-database.ts';
import { startHttpVendor } from '../support/http-vendor.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { type CommandResult, runLandfall } from '../support/landfall-command.ts';
import { section, tableRows } from '../support/markdown.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-temporal.ts';

/** A vendor that is described without code: it has no list of changes and no sample. */
const described = [
  {
    name: 'acme',
    scheme: 'shopify',
    secretEnv: 'ACME_SECRET',
    id: '/id',
    type: '/type',
    entity: { type: 'invoice', id: '/invoice' },
  },
];

describe('landfall on the command line', { timeout: 180_000 }, () => {
  let folder: string;
  let temporal: OwnTemporal;
  let harness: Harness;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-cli-'));
    temporal = await startOwnTemporal();
  });
  afterAll(async () => {
    await harness.stop();
    await temporal.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const landfall = (args: string[], more: Record<string, string> = {}) =>
    runLandfall(args, { ...env, ...more });

  test('doctor names what is wrong with a set-up, each thing with what to do', async () => {
    const demo = {
      DEMO_WEBHOOK_SECRET: 'whsec_c2VjcmV0',
      DEMO_API_URL: 'http://127.0.0.1:9',
      DEMO_API_TOKEN: 't',
    };
    const [nothing, unreachable, unprepared, mistaken] = await Promise.all([
      runLandfall(['doctor']),
      runLandfall(['doctor'], {
        ...demo,
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        DATABASE_URL: 'postgresql://landfall:hunter2@127.0.0.1:1/landfall',
      }),
      runLandfall(['doctor'], {
        ...demo,
        TEMPORAL_ADDRESS: temporal.address,
        DATABASE_URL: await createDatabase(inject('postgresUrl')),
      }),
      runLandfall(['doctor'], { LANDFALL_PORT: 'http', LANDFALL_PROT: '1' }),
    ]);
    expect(nothing).toMatchObject({ exitCode: 1, stderr: '' });
    expect(nothing.stdout).toMatch(/^warning no source is on/m);
    expect(nothing.stdout).toMatch(/^failure .*set TEMPORAL_ADDRESS/m);
    expect(nothing.stdout).toMatch(/^warning DATABASE_URL is not set/m);

    expect(unreachable).toMatchObject({ exitCode: 1, stderr: '' });
    expect(unreachable.stdout).toMatch(/^ok +source demo$/m);
    expect(unreachable.stdout).toMatch(/^failure .*Temporal .*127\.0\.0\.1:1.*\n +→ start Temporal, or set/m);
    expect(unreachable.stdout).toMatch(
      /^failure The store cannot be used: .*\n +→ start the database, or set/m,
    );
    expect(unreachable.stdout).toMatch(/^warning credentials of demo: .*\n +→ see the status page/m);
    expect(unreachable.stdout).not.toContain('hunter2');

    expect(unprepared.stdout).toMatch(
      /^warning Closed runs are kept for 1 day only: temporal operator namespace update/m,
    );
    expect(unprepared.stdout).toMatch(/^warning schedule reconcile-demo is missing\n +→ start a worker/m);
    expect(unprepared.stdout).toMatch(
      /^warning task queue landfall: no worker .*\n +→ start "landfall worker"/m,
    );
    expect(unprepared.stdout).toMatch(/^ok +the database answers$/m);
    expect(unprepared.stdout).toMatch(
      /^failure the database lacks \d+ migrations: 1 initial, .*\n +→ let a worker or receiver of this version start/m,
    );

    expect(mistaken).toMatchObject({ exitCode: 1, stderr: '' });
    expect(mistaken.stdout).toMatch(/^failure LANDFALL_PORT: must be a port.*\n +→ set it as it says/m);
    expect(mistaken.stdout).toMatch(/^failure LANDFALL_PROT: .*Did you mean LANDFALL_PORT\?/m);
  });

  test('doctor and sources tell what a healthy set-up is made of', async () => {
    harness = await startHarness({
      temporalAddress: temporal.address,
      // The commands know the vendor by the name that it has in the registry.
      change: (source) => ({
        ...source,
        name: 'demo',
        reconcile: { ...source.reconcile, everyMilliseconds: 86_400_000 },
      }),
    });
    const { vendor, runtime } = harness;
    await writeFile(join(folder, 'sources.json'), JSON.stringify(described));
    env = {
      TEMPORAL_ADDRESS: temporal.address,
      DATABASE_URL: runtime.config.databaseUrl ?? '',
      LANDFALL_TASK_QUEUE: runtime.config.taskQueue,
      LANDFALL_SOURCES_FILE: join(folder, 'sources.json'),
      ACME_SECRET: 'shpss_secret',
      DEMO_WEBHOOK_SECRET: vendor.secret,
      DEMO_API_URL: vendor.url,
      DEMO_API_TOKEN: vendor.token,
    };
    const [healthy, sources, help] = await Promise.all([
      landfall(['doctor']),
      landfall(['sources']),
      landfall(['--help']),
    ]);
    expect(healthy).toMatchObject({ exitCode: 0, stderr: '' });
    expect(healthy.stdout).toMatch(
      /^ok +Temporal answers; namespace default keeps closed runs for 30 days$/m,
    );
    expect(healthy.stdout).toMatch(/^ok +schedule reconcile-demo$/m);
    for (const well of [
      'the database answers; 0 events wait in the inbox',
      'the database has all \\d+ migrations',
      'the clocks of this machine and of the database agree',
      `task queue ${runtime.config.taskQueue}: a worker asks for work`,
      'source demo: its signing secret signs and verifies',
      'credentials of demo: its API takes them',
      'deliveries of demo in the last day: \\d+ accepted, 0 refused',
    ]) {
      expect(healthy.stdout).toMatch(new RegExp(`^ok +${well}$`, 'm'));
    }
    expect(healthy.stdout).toMatch(/^warning source acme: cannot list its changes.*\n +→ /m);

    expect(sources).toMatchObject({ exitCode: 0, stderr: '' });
    expect(sources.stdout).toMatch(
      /^demo +\/webhooks\/demo +standard-webhooks +fetched fresh +every 30s +crm +5 attempts$/m,
    );
    expect(sources.stdout).toMatch(/^acme +\/webhooks\/acme +shopify +from the payload +no +5 attempts$/m);
    expect(sources.stdout).toMatch(/^Off: github \(GITHUB_WEBHOOK_SECRET.*; stripe \(STRIPE_WEBHOOK_SECRET/m);

    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const commands = tableRows(section(readme, '## On the command line')).map(
      ([command = '']) => /^landfall ([a-z-]+)$/.exec(command)?.[1] ?? '',
    );
    const listed = [...help.stdout.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name = '']) => name);
    expect(listed.filter((name) => name !== 'help')).toEqual(commands);
    const each = await Promise.all(commands.map((command) => landfall([command, '--help'])));
    for (const [index, { stdout }] of each.entries()) {
      expect(stdout).toMatch(new RegExp(`^Examples?:\n  .*landfall ${commands[index] ?? ''}`, 'm'));
    }

    await runtime.client.schedule.getHandle('reconcile-demo').pause('ada looks at the vendor');
    const paused = await landfall(['doctor']);
    expect(paused.exitCode).toBe(0);
    expect(paused.stdout).toMatch(
      /^warning schedule reconcile-demo is paused: ada looks at the vendor\n +→ temporal schedule toggle --unpause/m,
    );
  });

  test('doctor tells a key that the vendor refuses from a vendor that is down', async () => {
    const { vendor } = harness;
    const [refused, offline] = await Promise.all([
      landfall(['doctor'], { DEMO_API_TOKEN: 'a-token-of-last-year' }),
      landfall(['doctor', '--offline', '--json'], { DEMO_API_TOKEN: 'a-token-of-last-year' }),
    ]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toMatch(/^failure credentials of demo: .*\n +→ renew DEMO_API_TOKEN, /m);
    expect(refused.stdout).not.toContain('a-token-of-last-year');
    expect(offline.exitCode).toBe(0);
    const report = JSON.parse(offline.stdout) as { ok: boolean; findings: object[] };
    expect(report.ok).toBe(true);
    expect(report.findings).toContainEqual({
      check: 'temporal',
      level: 'ok',
      text: expect.stringContaining('Temporal answers'),
      mend: null,
    });
    expect(offline.stdout).not.toContain('credentials of demo');

    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    const down = await landfall(['doctor']);
    vendor.setFaults(noFaults);
    expect(down.exitCode).toBe(0);
    expect(down.stdout).toMatch(/^warning credentials of demo: .*\n +→ see the status page of the vendor/m);
  });

  test('reconcile reports what it found and repaired, and runs once at a time', async () => {
    const { vendor, runtime } = harness;
    const event = vendor.createCustomer();
    await vendor.send(event, { drop: true });

    const [cannot, unknown, badTime] = await Promise.all([
      landfall(['reconcile', 'acme']),
      landfall(['reconcile', 'nobody']),
      landfall(['reconcile', 'demo', '--since', 'yesterday']),
    ]);
    expectRefusal(cannot, 'no source "acme" that can list its changes. These can: demo.');
    expectRefusal(unknown, 'no source "nobody" that can list its changes. These can: demo.');
    expectRefusal(badTime, 'Give a time such as 2026-11-01');

    const first = await landfall(['reconcile', 'demo', '--since', '2020-01-01']);
    expect(first).toEqual({
      exitCode: 0,
      stdout:
        'demo since 2020-01-01T00:00:00.000Z: 1 scanned, 1 missing, 0 stale; 1 repaired, 0 settled meanwhile, 0 failed\n',
      stderr: '',
    });
    expect(await runtime.store.findRecord('demo', { type: 'customer', id: event.data.id })).toMatchObject({
      deleted: false,
    });
    const [table, json, none] = await Promise.all([
      landfall(['reports', '--source', 'demo']),
      landfall(['reports', '--limit', '1', '--json']),
      landfall(['reports', '--source', 'acme']),
    ]);
    const [head = '', newest = ''] = table.stdout.split('\n');
    expect(head).toMatch(/^FINISHED +SOURCE +KIND +SCANNED +MISSING /);
    expect(newest).toMatch(/^\S+ +demo +changes +1 +1 +0 +1 +0 +0/);
    expect(JSON.parse(json.stdout)).toMatchObject({
      source: 'demo',
      scanned: 1,
      repaired: 1,
      complete: true,
    });
    expect(none.stdout).toBe('Nothing was reconciled.\n');

    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    const started = await landfall(['reconcile', 'demo', '--no-wait']);
    expect(started).toEqual({ exitCode: 0, stdout: 'reconcile:demo:by-hand\n', stderr: '' });
    expectRefusal(await landfall(['reconcile', 'demo']), 'A reconciliation of demo by hand is under way');
    vendor.setFaults(noFaults);
    await runtime.client.workflow.getHandle('reconcile:demo:by-hand').result();
  });

  test('send delivers the sample or a body of your own, signed, as often as wanted', async () => {
    const { vendor, runtime, url } = harness;
    const body = join(folder, 'body.json');
    await writeFile(body, JSON.stringify(vendor.createCustomer()));
    const broken = join(folder, 'broken.json');
    await writeFile(broken, '{"no":"event"}');

    const [sample, own, unreadable] = await Promise.all([
      landfall(['send', 'demo', '--url', url]),
      landfall(['send', 'demo', '--url', url, '--times', '3', '--body', body]),
      landfall(['send', 'demo', '--url', url, '--body', broken, '--header', 'X-Trace: a:b']),
    ]);
    expect(sample).toMatchObject({ exitCode: 0, stderr: '' });
    expect(sample.stdout).toMatch(/^200 .*"workflowId":"demo:evt_sample"/);
    const answers = own.stdout.trimEnd().split('\n');
    expect(answers.filter((line) => line.includes('"duplicate":false'))).toHaveLength(1);
    expect(answers.filter((line) => line.includes('"duplicate":true'))).toHaveLength(2);
    const eventId = /"eventId":"(unreadable:[0-9a-f]+)"/.exec(unreadable.stdout)?.[1] ?? '';
    const { subject } = await harness.deadLetters.show({ source: 'demo', eventId });
    expect(subject).toMatchObject({
      kind: 'unreadable',
      delivery: { body: '{"no":"event"}', headers: { 'x-trace': 'a:b' } },
    });

    const [refused, nobody, off, noSample, noBody, badCount, badUrl, badHeader] = await Promise.all([
      landfall(['send', 'demo', '--url', url], { DEMO_WEBHOOK_SECRET: 'whsec_b3RoZXI=' }),
      landfall(['send', 'demo', '--url', 'http://127.0.0.1:1']),
      landfall(['send', 'stripe', '--url', url]),
      landfall(['send', 'acme', '--url', url]),
      landfall(['send', 'demo', '--url', url, '--body', join(folder, 'nothing.json')]),
      landfall(['send', 'demo', '--times', 'twice']),
      landfall(['send', 'demo', '--url', 'localhost']),
      landfall(['send', 'demo', '--header', 'nothing']),
    ]);
    expect(refused).toMatchObject({ exitCode: 1, stderr: '' });
    expect(refused.stdout).toMatch(/^401 .*bad_signature/);
    expectRefusal(nobody, 'No receiver answers at http://127.0.0.1:1');
    expectRefusal(off, 'The source "stripe" is not on here (on: demo, acme)');
    expectRefusal(noSample, 'The source "acme" has no sample event: give a body with --file.');
    expectRefusal(noBody, 'The body cannot be read from');
    expectRefusal(badCount, 'Give a whole number from 1 to 10000.');
    expectRefusal(badUrl, 'Give a URL such as http://127.0.0.1:3000.');
    expectRefusal(badHeader, 'Give a header as name:value');
    await expect
      .poll(() => runtime.store.countRejections('2020-01-01T00:00:00Z'), { timeout: 20_000 })
      .toEqual([{ source: 'demo', reason: 'bad_signature', count: 1 }]);
  });

  test('send signs the address and the form where the vendor does', async () => {
    await using receiver = await startHttpVendor(() => ({}));
    const fields = { MessageSid: 'SM1', MessageStatus: 'delivered' };
    const body = join(folder, 'form');
    await writeFile(body, new URLSearchParams(fields).toString());
    const sent = await landfall(['send', 'twilio', '--url', receiver.url, '--body', body], {
      LANDFALL_SOURCES_FILE: 'examples/vendors/twilio.json',
      ...{ TWILIO_AUTH_TOKEN: 'an auth token', TWILIO_API_KEY: 'SK1:secret' },
    });
    expect(sent).toMatchObject({ exitCode: 0, stderr: '' });
    const headers = receiver.requests[0]?.headers;
    expect(headers?.['content-type']).toBe('application/x-www-form-urlencoded');
    const address = 'https://hooks.example.com/webhooks/twilio';
    const signature = String(headers?.['x-twilio-signature']);
    expect(validateRequest('an auth token', signature, address, fields)).toBe(true);
  });

  test('replay counts the processed events, asks, and hands them on again', async () => {
    const { vendor, runtime } = harness;
    const event = vendor.createCustomer();
    const from = new Date().toISOString();
    await harness.post(event);
    await harness.event(event.id).result();
    const customers = ['replay', '--source', 'demo', '--type', 'customer.*', '--from', from];
    await expect
      .poll(() => landfall([...customers, '--dry-run']), { timeout: 60_000, interval: 500 })
      .toEqual({
        exitCode: 0,
        stdout: expect.stringMatching(/^TYPE +EVENTS\ncustomer\.created +1\n1 event found; /),
        stderr: '',
      });
    const why = ['--reason', 'the CRM lost it', '--by', 'ada'];
    const [noReason, nobodyToAsk, badType, off, none] = await Promise.all([
      landfall(customers),
      landfall([...customers, ...why]),
      landfall([...customers, '--type', '*.created', ...why]),
      landfall(['replay', '--source', 'stripe', ...why]),
      landfall(['replay', '--source', 'demo', '--to', '2020-01-01', ...why]),
    ]);
    expectRefusal(noReason, 'Give --reason: why.');
    expect(nobodyToAsk).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        'Nobody can be asked "Replay 1 event?" here: say so beforehand with --yes.',
      ),
    });
    expectRefusal(badType, 'Give a type such as customer.updated');
    expectRefusal(off, 'The source "stripe" is not on here (on: demo, acme)');
    expect(none).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^0 events found; /),
      stderr: '',
    });

    const before = vendor.crm().effects.length;
    const done = await landfall([...customers, ...why, '--yes', '--id', 'monday', '--limit', '5']);
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    expect(done.stdout).toMatch(/^replay:demo:monday\ndemo: 1 found, 1 replayed, 0 failed, 0 skipped$/m);
    expect(vendor.crm().effects.slice(before)).toMatchObject([{ eventId: event.id }]);
    const again = await landfall([...customers, ...why, '--yes', '--id', 'monday']);
    expect(again).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('There is a replay of this name: see the workflow replay:demo:monday'),
    });
    const started = await landfall([...customers, ...why, '--yes', '--no-wait']);
    expect(started).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^replay:demo:2/m) });
    const id = started.stdout.trimEnd().split('\n').at(-1) ?? '';
    await expect(runtime.client.workflow.getHandle(id).result()).resolves.toMatchObject({ replayed: 1 });
  });

  test('numbers and names that make no sense are refused before anything starts', async () => {
    const [rate, port, faults, command] = await Promise.all([
      landfall(['dev', '--rate', 'fast']),
      landfall(['demo-vendor', '--port', '70000']),
      landfall(['dev', '--faults', 'drops=2']),
      landfall(['play']),
    ]);
    expectRefusal(rate, 'Give a number from 0 to 1000.');
    expectRefusal(port, 'Give a whole number from 0 to 65535.');
    expect(faults).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('"drops=2"') });
    expect(command.stderr).toContain("unknown command 'play'");
    expect(command.exitCode).toBe(1);
  });
});

/** Exit code 1, and one line that says why. */
function expectRefusal({ exitCode, stdout, stderr }: CommandResult, why: string): void {
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining(why),
  });
  expect(stderr.trim().split('\n')).toHaveLength(1);
}
