import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpDestination } from '../../src/destinations/http.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { startHttpVendor, type HttpVendor } from '../support/http-vendor.ts';
import {
  type CommandResult,
  type RunningCommand,
  runLandfall,
  startLandfall,
} from '../support/landfall-command.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-temporal.ts';
import { payloadKey } from '../support/payload-keys.ts';

const keys = payloadKey('2026-11');
const token = 'a-token-for-the-codec-server';

describe('the command line, where payloads are encrypted', { timeout: 120_000 }, () => {
  // Its own server, because dead letters are listed of all sources.
  let temporal: OwnTemporal;
  let harness: Harness;
  let crm: HttpVendor;
  let eventId: string;
  let entity: string;
  let email: string;
  beforeAll(async () => {
    [temporal, crm] = await Promise.all([startOwnTemporal(), startHttpVendor(() => ({ status: 422 }))]);
    harness = await startHarness({
      change: (source) => ({
        ...withoutListing(source),
        destinations: [httpDestination({ name: 'crm', url: crm.url })],
      }),
      settings: { LANDFALL_PAYLOAD_KEYS: keys },
      temporalAddress: temporal.address,
    });
    const event = harness.vendor.createCustomer();
    await harness.post(event, { headers: { 'x-note': 'a note' } });
    await expect(harness.event(event.id).result()).rejects.toThrow();
    eventId = event.id;
    entity = `customer/${event.data.id}`;
    email = (event.data as { email?: string }).email ?? '';
  });
  afterAll(async () => {
    await harness.stop();
    await temporal.stop();
    await crm[Symbol.asyncDispose]();
  });

  const landfall = (args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> =>
    runLandfall(args, {
      TEMPORAL_ADDRESS: temporal.address,
      LANDFALL_TASK_QUEUE: harness.runtime.config.taskQueue,
      ...env,
    });
  const here = (): Record<string, string> => ({
    LANDFALL_PAYLOAD_KEYS: keys,
    DATABASE_URL: harness.runtime.config.databaseUrl ?? '',
  });
  const show = (env: Record<string, string>) =>
    landfall(['dead-letters', 'show', `${harness.source.name}:${eventId}`], env);

  test('shows a dead letter to whoever has the keys and the database, without what is hidden', async () => {
    const whole = await show(here());
    expect(whole).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(email) });
    expect(whole.stdout).toContain('a note');
    const { stdout } = await show({ ...here(), LANDFALL_REDACT: '/**/email, x-note' });
    expect(stdout).toContain('[redacted]');
    expect(stdout).not.toContain(email);
    expect(stdout).not.toContain('a note');
  });

  test('hides as much in a large body, which is kept in the store', async () => {
    const planted = 'planted-in-a-large-body@example.com';
    const delivery = { no: 'event', email: planted, long: 'x'.repeat(150_000) };
    const { body } = await harness.post(Buffer.from(JSON.stringify(delivery)));
    const id = `${harness.source.name}:${body.eventId ?? ''}`;
    const whole = await landfall(['dead-letters', 'show', id], here());
    expect(whole).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(planted) });
    const hides = { ...here(), LANDFALL_REDACT: '/**/email' };
    for (const json of [[], ['--json']]) {
      const { stdout, stderr } = await landfall(['dead-letters', 'show', id, ...json], hides);
      expect(stderr).toBe('');
      expect(stdout).toContain('[redacted]');
      expect(stdout).toContain('xxx');
      expect(stdout).not.toContain(planted);
    }
  });

  test('says what is missing', async () => {
    for (const env of [{}, { LANDFALL_PAYLOAD_KEYS: keys }]) {
      const { exitCode, stderr } = await show(env);
      expect(exitCode).not.toBe(0);
      expect(stderr).toMatch(/LANDFALL_PAYLOAD_KEYS and DATABASE_URL, or LANDFALL_CODEC_URL/);
    }
  });

  test('asks a codec server, and needs neither then', async () => {
    const port = String(await getPort());
    const server = await startLandfall(['codec-server'], {
      ...here(),
      LANDFALL_CODEC_HOST: '127.0.0.1',
      LANDFALL_CODEC_PORT: port,
      LANDFALL_CODEC_TOKEN: token,
      LANDFALL_LOG_FORMAT: 'json',
    });
    try {
      await untilSaid(server, 'decrypting');
      const url = { LANDFALL_CODEC_URL: `http://127.0.0.1:${port}` };
      const { stdout } = await show({ ...url, LANDFALL_CODEC_TOKEN: token });
      expect(stdout).toContain(email);
      const refused = await show({ ...url, LANDFALL_CODEC_TOKEN: 'another-token-than-that' });
      expect(refused.stderr).toContain('This token may not read payloads');
      const { state } = await harness.deadLetters.show({ source: harness.source.name, eventId });
      expect(state.status).toBe('open');
      expect(server.output()).not.toContain(email);
      expect(server.output()).toContain('payloads were shown');
      // What it encrypts, the worker reads.
      const reason = ['--by', 'ada', '--owner', 'bob', '--note', 'asked the vendor'];
      const id = `${harness.source.name}:${eventId}`;
      await landfall(['dead-letters', 'investigate', id, ...reason], { ...url, LANDFALL_CODEC_TOKEN: token });
      const after = await harness.deadLetters.show({ source: harness.source.name, eventId });
      expect(after.state).toMatchObject({ status: 'investigating', owner: 'bob' });
    } finally {
      server.kill('SIGTERM');
      await server.ended;
    }
  });

  test('begins the erasure of what is named and of what mentions somebody', async () => {
    const { source } = harness;
    const asked = ['--reason', 'asked for by letter', '--no-wait'];
    const nobody = await landfall(['erase', source.name, ...asked, '--yes'], here());
    expect(nobody).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('customer/cus_123') });
    const unasked = await landfall(['erase', source.name, entity, ...asked], here());
    expect(unasked).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('--yes') });
    const mentioned = await landfall(
      ['erase', source.name, '--mentioning', email, ...asked, '--yes'],
      here(),
    );
    const workflowId = `erase:${source.name}:${entity}`;
    expect(mentioned).toMatchObject({ exitCode: 0, stdout: `${workflowId}\n` });
    expect(mentioned.stderr).toContain(`${source.name} ${entity}`);
    const again = await landfall(['erase', source.name, entity, ...asked, '--yes'], here());
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('is under way') });
    const [noted] = await harness.runtime.store.listAudit({ action: 'erase' }, 10);
    expect(noted).toMatchObject({ target: workflowId, via: 'cli', reason: 'asked for by letter' });
    await harness.runtime.client.workflow.getHandle(workflowId).terminate('the test is over');
  });
});

async function untilSaid(command: RunningCommand, text: string): Promise<void> {
  await expect.poll(() => command.output(), { timeout: 30_000 }).toContain(text);
}
