import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readRecording } from '../../src/capture/recorded-delivery.ts';
import { demoSource } from '../../src/sources/demo.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { runLandfall, startLandfall } from '../support/landfall-command.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-temporal.ts';

const patience = { timeout: 30_000, interval: 100 };
const otherSecret = `whsec_${Buffer.from('a secret of this instance alone').toString('base64')}`;

describe('real deliveries, recorded and sent again', { timeout: 180_000 }, () => {
  let folder: string;
  let temporals: OwnTemporal[];
  let recordedAt: Harness;
  let fresh: Harness;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-capture-'));
    temporals = [await startOwnTemporal(), await startOwnTemporal()];
    const [one, two] = temporals;
    recordedAt = await startHarness({
      temporalAddress: one?.address ?? '',
      change: (source) => ({ ...withoutListing(source), name: 'demo' }),
    });
    const { vendor } = recordedAt;
    // The same vendor and another secret, as on the machine of somebody who was given the file.
    fresh = await startHarness({
      temporalAddress: two?.address ?? '',
      change: ({ retry }) => ({
        ...withoutListing(
          demoSource.create({
            DEMO_WEBHOOK_SECRET: [otherSecret],
            DEMO_API_URL: vendor.url,
            DEMO_API_TOKEN: vendor.token,
            DEMO_CRM_URL: undefined,
          }),
        ),
        retry,
      }),
    });
  });
  afterAll(async () => {
    await recordedAt.stop();
    await fresh.stop();
    for (const temporal of temporals) await temporal.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const env = (secret: string) => ({
    DEMO_WEBHOOK_SECRET: secret,
    DEMO_API_URL: recordedAt.vendor.url,
    DEMO_API_TOKEN: recordedAt.vendor.token,
  });

  test('end in the same records at a fresh instance as they did where they were recorded', async () => {
    const { vendor, url } = recordedAt;
    const file = join(folder, 'deliveries.jsonl');
    const door = await startLandfall(
      ['listen', 'demo', '--to', file, '--port', '0', '--forward', url, '--redact', '/data/name'],
      env(vendor.secret),
    );
    const address = await vi.waitFor(() => {
      const found = /(http:\/\/127\.0\.0\.1:\d+\/webhooks\/demo) to /.exec(door.output())?.[1];
      if (found === undefined) throw new Error(door.output());
      return found;
    }, patience);
    vendor.sendTo(address);
    const customers = [vendor.createCustomer(), vendor.createCustomer()];
    const [first, second] = customers;
    if (first === undefined || second === undefined) throw new Error('there are two');
    const events = [...customers, vendor.createOrder(first.data.id), vendor.update(first.data.id)];
    events.push(vendor.remove(second.data.id));
    for (const event of events) await vendor.send(event, { times: 2 });
    for (const { id } of events) await recordedAt.event(id).result();
    await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"forged":1}',
    });
    door.kill('SIGINT');
    expect(await door.ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(door.output()).toMatch(/\/webhooks\/demo \d+ bytes, verified: 200$/m);
    expect(door.output()).toMatch(/not verified \(missing_header\): 401$/m);

    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    const name = 'name' in first.data ? first.data.name : '';
    for (const secret of ['v1,', 'Bearer', vendor.secret, vendor.token, name]) {
      expect(text).not.toContain(secret);
    }
    expect(readRecording(text)?.deliveries).toHaveLength(2 * events.length + 1);

    const replay = await runLandfall(['send', '--file', file, '--url', fresh.url], env(otherSecret));
    expect(replay).toMatchObject({
      exitCode: 0,
      stderr: 'Left out: 1 whose signature was wrong; --unverified sends them as well\n',
    });
    expect(replay.stdout).toMatch(new RegExp(`^${2 * events.length} sent, 0 refused$`, 'm'));
    for (const { id } of events) await fresh.event(id).result();
    const records = async ({ runtime: { store } }: Harness) =>
      (await store.listRecords('demo', null, 100)).map(({ entity, version, data, deleted }) => ({
        entity,
        version,
        data,
        deleted,
      }));
    expect(await records(fresh)).toEqual(await records(recordedAt));
    expect(await records(fresh)).toHaveLength(3);

    // With another secret than the receiver's each is refused, and the command says so.
    const wrong = await runLandfall(
      ['send', 'demo', '--file', file, '--url', fresh.url, '--concurrency', '4'],
      env(vendor.secret),
    );
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stdout).toMatch(
      new RegExp(`^${2 * events.length} sent, ${2 * events.length} refused$`, 'm'),
    );
  });

  test('are refused where they make no sense, before anything is sent', async () => {
    const { vendor } = recordedAt;
    const file = join(folder, 'others.jsonl');
    const line = {
      at: '2026-11-01T12:00:00.000Z',
      source: 'shop',
      path: '/webhooks/shop',
      headers: {},
      bodyEncoding: 'utf8',
      body: '{}',
      verified: true,
    };
    await writeFile(file, `${JSON.stringify(line)}\n`);
    const run = (...args: string[]) => runLandfall(args, env(vendor.secret));
    const [off, noName, noFile, host, pointer, strange, nobody] = await Promise.all([
      run('send', '--file', file),
      run('send', '--file', '-'),
      run('send'),
      run('listen', '--to', join(folder, 'x', 'y')),
      run('listen', '--to', file, '--redact', 'email'),
      run('listen', 'shop', '--to', file),
      runLandfall(['listen', '--to', file]),
    ]);
    expect(off.stderr).toContain('The source "shop" is not on here (on: demo)');
    expect(noName.stderr).toContain('Name the source that the body is of');
    expect(noFile.stderr).toContain('Name a source, or give recorded deliveries with --file.');
    expect(host.stderr).toContain('cannot be written to');
    expect(pointer.stderr).toContain('Give a JSON Pointer such as /data/object/email.');
    expect(strange.stderr).toContain('The source "shop" is not on here');
    expect(nobody.stderr).toContain('No source is on');
    for (const { exitCode } of [off, noName, noFile, host, pointer, strange, nobody])
      expect(exitCode).toBe(1);
  });
});
