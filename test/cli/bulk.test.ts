import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import { type BulkActions, createBulkActions } from '../../src/temporal/bulk-actions.ts';
import { type Harness, startHarness, uniqueName, withoutListing } from '../support/harness.ts';
import { type CommandResult, runLandfall } from '../support/landfall-command.ts';

const because = ['--by', 'ada@example.com', '--reason', 'the vendor is back'];
const patience = { timeout: 50_000, interval: 250 };

describe('landfall bulk', { timeout: 180_000 }, () => {
  let harness: Harness;
  let bulk: BulkActions;
  let env: Record<string, string>;
  beforeAll(async () => {
    harness = await startHarness({ change: withoutListing });
    const { client, config } = harness.runtime;
    bulk = createBulkActions(client, config.taskQueue);
    env = {
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      DATABASE_URL: config.databaseUrl ?? '',
      LANDFALL_TASK_QUEUE: config.taskQueue,
    };
  });
  afterAll(() => harness.stop());

  const landfall = (...args: string[]) => runLandfall(args, env);
  const vendorFails = (fails: boolean) => {
    harness.vendor.setFaults({ ...noFaults, apiErrors: fails ? 1 : 0 });
  };

  /** So many events whose attempts are used up, once visibility knows their dead letters. */
  async function failed(count: number): Promise<void> {
    vendorFails(true);
    const events = Array.from({ length: count }, () => harness.vendor.createCustomer());
    for (const event of events) await harness.post(event);
    for (const { id } of events) await expect(harness.event(id).result()).rejects.toThrow();
    vendorFails(false);
    await vi.waitFor(
      async () => expect((await bulk.survey({ source: harness.source.name })).letters).toBe(count),
      patience,
    );
  }

  test('begins one, pauses it, shows what waits, and cancels it; all of it is in the audit log', async () => {
    await failed(3);
    const name = uniqueName('slowly');
    const begun = await landfall(
      ...['dead-letters', 'discard', '--source', harness.source.name, ...because],
      ...['--name', name, '--canary', '0', '--per-minute', '6', '--yes', '--no-wait'],
    );
    const id = `bulk:discard:${name}`;
    expect(begun).toMatchObject({ exitCode: 0, stderr: '' });
    expect(begun.stdout.trimEnd().split('\n').at(-1)).toBe(id);
    await vi.waitFor(async () => expect((await bulk.show(id)).counts).toMatchObject({ done: 1 }), patience);

    const why = ['--by', 'bob', '--reason', 'somebody asks'];
    expect(await landfall('bulk', 'pause', `discard:${name}`, ...why)).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    const watched = await landfall('bulk', 'watch', id);
    expect(watched).toMatchObject({ exitCode: 1, stderr: '' });
    expect(watched.stdout).toMatch(new RegExp(`^${id}: paused, 1 done, 0 failed, 2 wait\npaused by bob at `));
    expect(watched.stdout).toContain(`landfall bulk resume ${id}`);
    const shown = await landfall('bulk', 'show', id, '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ id, status: 'paused', paused: { by: 'bob' } });

    const [all, waiting] = await Promise.all([
      landfall('bulk', 'results', id, '--json'),
      landfall('bulk', 'results', id, '--status', 'waiting'),
    ]);
    const lines = all.stdout.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { status: string }).status).sort()).toEqual([
      'done',
      'waiting',
      'waiting',
    ]);
    expect(waiting.stdout).toMatch(new RegExp(`^waiting +${harness.source.name}:`, 'm'));
    expect(waiting.stdout.trimEnd().split('\n')).toHaveLength(3);

    expect((await landfall('bulk', 'cancel', id, ...why)).exitCode).toBe(0);
    const ended = await landfall('bulk', 'watch', id, '--json');
    expect(ended.exitCode).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ status: 'cancelled', counts: { done: 1, left: 2 } });
    await vi.waitFor(async () => {
      const { stdout } = await landfall('bulk', 'list', '--json', '--limit', '1000');
      const row = stdout.split('\n').find((line) => line.includes(id)) ?? '{}';
      expect(JSON.parse(row)).toMatchObject({ id, kind: 'discard', status: 'cancelled' });
    }, patience);

    const [table, ofLetters, ofBob, later] = await Promise.all([
      landfall('audit', '--target', id),
      landfall('audit', '--source', harness.source.name, '--action', 'dead-letter.*', '--json'),
      landfall('audit', '--by', 'bob', '--target', id, '--json', '--limit', '1'),
      landfall('audit', '--target', id, '--since', '2100-01-01'),
    ]);
    const [head = '', ...rows] = table.stdout.trimEnd().split('\n');
    expect(head).toMatch(/^AT +BY +VIA +ACTION +TARGET +REASON +RESULT$/);
    expect(rows).toEqual([
      expect.stringMatching(/ bob +cli +bulk\.cancel .* somebody asks +done: /),
      expect.stringMatching(/ bob +cli +bulk\.pause .* somebody asks +done: /),
      expect.stringMatching(/ ada@example\.com +cli +bulk\.discard .* failed: cancelled by bob: /),
    ]);
    expect(ofLetters.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(ofLetters.stdout)).toMatchObject({
      ...{ via: 'bulk', action: 'dead-letter.discard', by: 'ada@example.com' },
      result: { outcome: 'done' },
    });
    expect(JSON.parse(ofBob.stdout)).toMatchObject({ action: 'bulk.cancel' });
    expect(later.stdout).toBe('Nothing was decided.\n');
    const rest = await landfall(
      ...['dead-letters', 'discard', '--source', harness.source.name, ...because, '--yes'],
    );
    expect(rest).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('a canary that fails ends the command, and somebody who knows why lets it go on', async () => {
    await vi.waitFor(
      async () => expect((await bulk.survey({ source: harness.source.name })).letters).toBe(0),
      patience,
    );
    await failed(2);
    vendorFails(true);
    const stopped = await landfall(
      ...['dead-letters', 'replay', '--source', harness.source.name, ...because, '--canary', '1', '--yes'],
    );
    vendorFails(false);
    expect(stopped.exitCode).toBe(1);
    expect(stopped.stdout).toMatch(/^paused by landfall at .*: 1 of the first 1 failed: resume it/m);
    const id = /^(bulk:replay:\S+): paused, 0 done, 1 failed, 1 wait$/m.exec(stopped.stdout)?.[1] ?? '';
    expect(stopped.stdout).toContain(`landfall bulk resume ${id}`);

    const resumed = await landfall('bulk', 'resume', id, '--by', 'bob', '--reason', 'that one is known');
    expect(resumed).toMatchObject({ exitCode: 0, stderr: '' });
    const watched = await landfall('bulk', 'watch', id);
    expect(watched.exitCode).toBe(1);
    expect(watched.stdout).toMatch(new RegExp(`^${id}: failed, 1 done, 1 failed\n`));
    const results = await landfall('bulk', 'results', id, '--status', 'failed', '--json');
    expect(JSON.parse(results.stdout)).toMatchObject({
      status: 'failed',
      result: expect.stringContaining('failed with'),
    });
  });

  test('refuses what it cannot carry out, in one sentence', async () => {
    const [unknown, nobody, noStatus, noStore, noAudit] = await Promise.all([
      landfall('bulk', 'show', 'replay:never'),
      landfall('bulk', 'pause', 'replay:never', '--reason', 'why'),
      landfall('bulk', 'results', 'replay:never', '--status', 'lost'),
      runLandfall(['bulk', 'results', 'replay:never'], { TEMPORAL_ADDRESS: inject('temporalAddress') }),
      runLandfall(['audit']),
    ]);
    expectRefusal(unknown, 'There is no bulk action bulk:replay:never that is under way');
    expectRefusal(nobody, "required option '--by <name>'");
    expectRefusal(noStatus, 'Allowed choices are waiting, asked, done, failed, skipped, left');
    expectRefusal(noStore, 'What came of each dead letter is in the database: set DATABASE_URL');
    expectRefusal(noAudit, 'The audit log is in the database: set DATABASE_URL');
    const none = await landfall('bulk', 'results', 'replay:never');
    expect(none).toEqual({ exitCode: 0, stdout: 'bulk:replay:never has none.\n', stderr: '' });
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
