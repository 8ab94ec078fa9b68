import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { type CommandResult, runLandfall } from '../support/landfall-command.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-temporal.ts';

const patience = { timeout: 30_000, interval: 200 };

describe('what the command line tells of events, records and sources', { timeout: 120_000 }, () => {
  // Its own server, because the source has the name that the settings give it.
  let temporal: OwnTemporal;
  let harness: Harness;
  /** Of one customer: applied, and waiting as a dead letter. */
  let [applied, failed, customer] = ['', '', ''];
  beforeAll(async () => {
    temporal = await startOwnTemporal();
    harness = await startHarness({
      change: (source) => ({ ...withoutListing(source), name: 'demo' }),
      temporalAddress: temporal.address,
    });
    const { vendor } = harness;
    const first = vendor.createCustomer();
    [applied, customer] = [first.id, first.data.id];
    await harness.post(first, { headers: { authorization: 'Bearer of-the-vendor', 'x-note': 'a note' } });
    await harness.event(applied).result();
    vendor.setFaults({ ...noFaults, apiErrors: 1 });
    const second = vendor.update(customer);
    failed = second.id;
    await harness.post(second);
    await expect(harness.event(failed).result()).rejects.toThrow();
    vendor.setFaults(noFaults);
    const forged = { 'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}` };
    expect((await harness.post(vendor.createCustomer(), { headers: forged })).status).toBe(401);
    await vi.waitFor(async () => {
      const found = await landfall('find', failed);
      expect(found.stdout).toContain('open dead letter');
    }, patience);
  });
  afterAll(async () => {
    await harness.stop();
    await temporal.stop();
  });

  const landfall = (...args: string[]): Promise<CommandResult> =>
    runLandfall(args, {
      TEMPORAL_ADDRESS: temporal.address,
      DATABASE_URL: harness.runtime.config.databaseUrl ?? '',
      DEMO_WEBHOOK_SECRET: harness.vendor.secret,
      DEMO_API_URL: harness.vendor.url,
      DEMO_API_TOKEN: harness.vendor.token,
    });
  const asJson = async (...args: string[]): Promise<unknown> => {
    const { stdout, exitCode } = await landfall(...args, '--json');
    expect(exitCode).toBe(0);
    return JSON.parse(stdout);
  };

  test('find knows an event and a record by their ids, and says how to see each', async () => {
    const [record, event, letter, nothing] = await Promise.all([
      landfall('find', customer),
      landfall('find', `demo:${applied}`),
      landfall('find', failed),
      landfall('find', 'cus_of_nobody'),
    ]);
    const show = `landfall records show demo customer/${customer}`;
    expect(record).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(show) });
    expect(event.stdout).toContain(`landfall events show demo:${applied}`);
    expect(letter.stdout).toContain(`landfall dead-letters show demo:${failed}`);
    expect(nothing).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('Nothing has this id') });
    expect(await asJson('find', `customer/${customer}`)).toMatchObject({
      events: [],
      entities: [{ source: 'demo', entity: { type: 'customer', id: customer } }],
    });
  });

  test('events show tells the whole story of one, without what is secret', async () => {
    const { exitCode, stdout } = await landfall('events', 'show', `demo:${applied}`);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`^demo:${applied}: applied\ncustomer\\.created customer/${customer}\n`),
    );
    expect(stdout).toContain('fetch, write and hand on, in one go: done');
    expect(stdout).toMatch(/^ {2}crm +\d{4}-/m);
    expect(stdout).toContain('x-note: a note');
    expect(stdout).toContain('authorization: [redacted]');
    expect(stdout).toContain(`"id": "${applied}"`);

    const dead = await landfall('events', 'show', `demo:${failed}`);
    expect(dead.stdout).toContain('dead letter: open');
    expect(dead.stdout).toMatch(
      /fetch the record: failed, .* 4 attempts\n +attempt 3: LANDFALL_VENDOR_UNAVAILABLE /,
    );
    expect(await asJson('events', 'show', `demo:${applied}`)).toMatchObject({
      mark: { outcome: 'applied', complete: true },
      delivered: [{ destination: 'crm' }],
    });

    const unknown = await landfall('events', 'show', 'demo:evt_of_nobody');
    expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Nothing is known of it') });
    const malformed = await landfall('events', 'show', applied);
    expect(malformed).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('<source>:<event id>') });
  });

  test('records show tells what happened to one, and how it differs at the vendor', async () => {
    const name = `customer/${customer}`;
    const { exitCode, stdout } = await landfall('records', 'show', 'demo', name);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`^demo ${name}: v1, revision 1\n`));
    expect(stdout).toMatch(new RegExp(`Event came in: applied \\(customer\\.created ${applied}\\)`));
    expect(stdout).toMatch(new RegExp(`Dead letter: open \\(.*${failed} LANDFALL_VENDOR_UNAVAILABLE\\)`));
    expect(stdout).not.toContain('At the vendor');

    const compared = await landfall('records', 'show', 'demo', name, '--vendor');
    expect(compared.stdout).toMatch(/^ {2}\/version +1 +2$/m);
    expect(compared.stdout).toContain('At the vendor, just now\n  v2');
    const story = await asJson('records', 'show', 'demo', name, '--vendor');
    expect(story).toMatchObject({ record: { here: { version: '1' }, vendor: { kind: 'record' } } });

    const unknown = await landfall('records', 'show', 'demo', 'customer/cus_of_nobody');
    expect(unknown).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Nothing is known of it') });
  });

  test('sources tells which are on, how they are doing, and what one of them has refused', async () => {
    expect(await asJson('sources')).toMatchObject({ source: 'demo', scheme: 'standard-webhooks' });
    const health = () => landfall('sources', 'health').then(({ stdout }) => stdout);
    await expect.poll(health, patience).toMatch(/^demo +waiting +2 +2 +\S+ +1 +1 +1 +never$/m);

    const { exitCode, stdout } = await landfall('sources', 'show', 'demo');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/ 1 bad_signature$/m);
    expect(stdout).toMatch(/bad_signature: .*\(\d+ bytes, SHA-256 /);
    expect(stdout).toContain('webhook-signature: [redacted]');
    expect(await asJson('sources', 'health')).toMatchObject({
      sources: [{ source: 'demo', deadLetters: 1 }],
    });
    expect(await asJson('sources', 'show', 'demo')).toMatchObject({
      rejected: [{ reason: 'bad_signature' }],
    });

    const unknown = await landfall('sources', 'show', 'acme');
    expect(unknown).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[LANDFALL_SOURCE_UNKNOWN]'),
    });
  });

  test('says which setting is missing where it cannot ask the store', async () => {
    const { exitCode, stderr } = await runLandfall(['find', customer], {
      TEMPORAL_ADDRESS: temporal.address,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('set DATABASE_URL');
  });
});
