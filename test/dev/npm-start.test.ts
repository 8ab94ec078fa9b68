import { createServer, type Server } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { crmEffectSchema } from '../../src/dev/demo-vendor/crm.ts';
import { openStore } from '../../src/store/open-store.ts';
import type { StoredRecord, Store } from '../../src/store/store.ts';
import { type RunningCommand, runLandfall, startLandfall } from '../support/landfall-command.ts';

const defaultPorts = [3000, 3001, 3010, 7233, 8233];

describe('npm start', { timeout: 300_000 }, () => {
  let folder: string;
  let holders: Server[];
  const running: RunningCommand[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'landfall-npm-start-'));
    holders = await Promise.all(defaultPorts.map(hold));
  });
  afterEach(async () => {
    for (const command of running) command.kill('SIGTERM');
    await Promise.all(running.splice(0).map(({ ended }) => ended));
  });
  afterAll(async () => {
    for (const holder of holders) holder.close();
    await rm(folder, { recursive: true, force: true });
  });

  const landfall = (...args: string[]) => runLandfall(args, { LANDFALL_DATA_DIRECTORY: folder });
  async function startDev(...args: string[]): Promise<RunningCommand> {
    const command = await startLandfall(['dev', ...args], {
      LANDFALL_DATA_DIRECTORY: folder,
      LANDFALL_TEMPORAL_CLI: inject('temporalCli'),
    });
    running.push(command);
    return command;
  }
  /** Until the links are printed: from then on it can be used. */
  async function startedDev(...args: string[]): Promise<RunningCommand> {
    const command = await startDev(...args);
    await until(command, 'by hand ');
    return command;
  }
  async function inStore<Result>(use: (store: Store) => Promise<Result>): Promise<Result> {
    const store = await openStore({ databaseUrl: null, dataDirectory: join(folder, 'store'), poolSize: 1 });
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  let before: StoredRecord[];

  test('starts everything beside busy ports, is used from other terminals, and ends with Ctrl-C', async () => {
    const dev = await startedDev('--faults', 'drops=0.3,duplicates=0.3', '--rate', '2');
    const links = dev.output();
    for (const name of ['Temporal UI', 'webhooks', 'metrics', 'demo vendor']) {
      const port = Number(new RegExp(`^${name} +http://127\\.0\\.0\\.1:(\\d+)`, 'm').exec(links)?.[1]);
      expect(port, name).toBeGreaterThan(0);
      expect(defaultPorts, name).not.toContain(port);
    }

    const first = await landfall('send', 'demo');
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(first.stdout).toMatch(/^200 .*"duplicate":false/);
    const broken = join(folder, 'broken.json');
    await writeFile(broken, '{"no":"event"}');
    // Two at a time: a developer's machine has other things to do as well.
    const [again, unreadable] = await Promise.all([
      landfall('send', 'demo', '--times', '3'),
      landfall('send', 'demo', '--body', broken),
    ]);
    const large = join(folder, 'large.json');
    await writeFile(large, `{"no":"event","more":"${'x'.repeat(300_000)}"}`);
    const sent = await landfall('send', 'demo', '--body', large);
    const letter = /"eventId":"([^"]+)"/.exec(sent.stdout)?.[1] ?? '';
    const shown = await landfall('dead-letters', 'show', `demo:${letter}`);
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toContain(await readFile(large, 'utf8'));
    // The embedded store is that process's alone: its console answers.
    const story = await landfall('events', 'show', `demo:${letter}`);
    expect(story).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('dead letter: open') });
    // What arrives is written down every ten seconds.
    const health = () => landfall('sources', 'health').then(({ stdout }) => stdout);
    await expect
      .poll(health, { timeout: 30_000, interval: 500 })
      .toMatch(/^demo +(waiting|held|well) +[1-9]/m);
    const [sources, doctor] = await Promise.all([landfall('sources'), landfall('doctor')]);
    const [reconciled, second] = await Promise.all([
      landfall('reconcile', 'demo'),
      startDev().then(({ ended }) => ended),
    ]);
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toMatch(/^(200 .*"duplicate":true.*\n){3}$/);
    expect(unreadable).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('200 ') });
    expect(sources.stdout).toMatch(
      /^demo +\/webhooks\/demo +standard-webhooks +fetched fresh +every 30s +crm /m,
    );
    expect(doctor).toMatchObject({ exitCode: 0, stderr: '' });
    expect(doctor.stdout).toContain('Temporal answers; namespace default keeps closed runs for 30 days');
    expect(doctor.stdout).toContain('schedule reconcile-demo');
    expect(reconciled).toMatchObject({ exitCode: 0 });
    expect(reconciled.stdout).toMatch(/^demo since .*: \d+ scanned, \d+ missing, \d+ stale; .* 0 failed$/m);
    expect(second).toMatchObject({ exitCode: 75, stdout: '' });
    expect(second.stderr).toContain('is in use by');
    expect(second.stderr).toContain('LANDFALL_DATA_DIRECTORY');
    expect(second.stderr.trim().split('\n')).toHaveLength(1);

    const listed = await landfall('dead-letters');
    expect(listed.stdout).toMatch(/ demo +unreadable:/);
    for (const label of ['received', 'duplicate', 'applied', 'repaired', 'unreadable', 'reconciled']) {
      await until(dev, ` ${label} `);
    }
    await expectCleanEnd(dev, 'SIGINT');
    expect(await landfall('send', 'demo')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('npm start'),
    });
    before = await inStore((store) => store.listRecords('demo', null, 10_000));
    expect(before.length).toBeGreaterThan(60);
  });

  test('goes on where it ended, and its verdict is equal with all faults on', async () => {
    const dev = await startedDev('--for', '20s');
    const listed = await landfall('dead-letters', 'list');
    expect(listed.stdout).toMatch(/ demo +unreadable:/);
    const { exitCode, stdout, stderr } = await dev.ended;
    const verdict = stdout.slice(stdout.indexOf('The vendor stops changing'));
    expect({ exitCode, stderr, verdict }).toMatchObject({
      exitCode: 0,
      stderr: '',
      verdict: expect.stringMatching(/^EQUAL: \d+ records compared with the vendor's, 0 differ$/m),
    });
    expect(verdict).toMatch(/ 0 without an outcome$/m);
    expect(verdict).toMatch(/ 0 made twice$/m);
    expect(verdict).toMatch(/^[1-9]\d* dead letters wait for a decision/m);

    await inStore(async (store) => {
      // No repair would bring these back: only a store that was kept has them.
      expect(await store.findEvent('demo', 'evt_sample')).toMatchObject({ outcome: 'deleted' });
      const after = await store.listRecords('demo', null, 10_000);
      const revisions = new Map(after.map(({ entity, revision }) => [entity.id, revision]));
      for (const { entity, revision } of before) {
        expect(revisions.get(entity.id), entity.id).toBeGreaterThanOrEqual(revision);
      }
    });
  });

  test('leaves nothing behind when it is ended while it still starts', async () => {
    const dev = await startDev();
    await expect.poll(() => serverPid(folder), { timeout: 60_000 }).not.toBeNull();
    await expectCleanEnd(dev, 'SIGTERM');
  });

  test('ends with 1 and names the event where something was done twice', async () => {
    const dev = await startedDev('--for', '5s', '--faults', 'none');
    const { env } = devSchema.parse(JSON.parse(await readFile(join(folder, 'dev.json'), 'utf8')));
    const crm = await (await fetch(new URL('/control/crm', env.DEMO_API_URL))).json();
    const [{ version, ...effect }] = crmSchema.parse(crm).effects;
    // As a system of ours would see it whose writes carried no idempotency key.
    await fetch(new URL('/crm/records', env.DEMO_API_URL), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${env.DEMO_API_TOKEN}`,
        'content-type': 'application/json',
        'idempotency-key': 'another',
      },
      body: JSON.stringify({ ...effect, version: { version } }),
    });
    const { exitCode, stdout } = await dev.ended;
    expect(stdout).toMatch(/^NOT EQUAL: /m);
    expect(stdout).toContain(`${effect.eventId} was handed on twice`);
    expect(exitCode).toBe(1);
  });

  async function expectCleanEnd(dev: RunningCommand, signal: NodeJS.Signals): Promise<void> {
    const server = await serverPid(folder);
    expect(isRunning(server)).toBe(true);
    dev.kill(signal);
    expect(await dev.ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(isRunning(server)).toBe(false);
    await expect(readFile(join(folder, 'dev.json'))).rejects.toThrow('ENOENT');
  }
});

const devSchema = z.object({ env: z.object({ DEMO_API_URL: z.url(), DEMO_API_TOKEN: z.string() }) });
const crmSchema = z.object({ effects: z.tuple([crmEffectSchema], crmEffectSchema) });

/** Takes a port, where nobody else has it already. */
async function hold(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.once('error', () => resolve()).listen(port, '127.0.0.1', resolve);
  });
  return server;
}

async function until(command: RunningCommand, text: string): Promise<void> {
  let end: string | null = null;
  void command.ended.then(({ exitCode, stderr }) => {
    end = `it ended with ${String(exitCode)}: ${stderr}`;
  });
  await expect
    .poll(() => end ?? command.output(), {
      timeout: 180_000,
      interval: 100,
      message: `waiting for "${text}"`,
    })
    .toContain(text);
}

/** The process that serves Temporal's data there; null where none does. */
async function serverPid(folder: string): Promise<number | null> {
  try {
    const claim: { server: number } = JSON.parse(await readFile(join(folder, 'temporal.db.pid'), 'utf8'));
    return claim.server;
  } catch {
    return null;
  }
}

function isRunning(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0);
  } catch {
    return false;
  }
}
