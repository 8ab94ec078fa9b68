import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { noFaults } from '../../src/dev/demo-vendor/faults.ts';
import { type Harness, startHarness, withoutListing } from '../support/harness.ts';
import { type CommandResult, runLandfall } from '../support/landfall-command.ts';
import { type OwnTemporal, startOwnTemporal } from '../support/own-temporal.ts';

const unavailable = 'LANDFALL_VENDOR_UNAVAILABLE';
const because = ['--by', 'ada@example.com', '--reason', 'the vendor is back'];

describe(
  'landfall dead-letters, knowing only where Temporal is and its task queue',
  { timeout: 120_000 },
  () => {
    // Its own server, because "--all" means all that there are.
    let temporal: OwnTemporal;
    let harness: Harness;
    beforeAll(async () => {
      temporal = await startOwnTemporal();
      harness = await startHarness({ change: withoutListing, temporalAddress: temporal.address });
    });
    afterAll(async () => {
      await harness.stop();
      await temporal.stop();
    });
    afterEach(async () => {
      vendorFails(false);
      for (const { workflowId } of await harness.deadLetters.list({})) {
        await harness.runtime.client.workflow.getHandle(workflowId).terminate('left open by a test');
      }
    });

    const landfall = (...args: string[]) =>
      runLandfall(['dead-letters', ...args], {
        TEMPORAL_ADDRESS: temporal.address,
        LANDFALL_TASK_QUEUE: harness.runtime.config.taskQueue,
      });
    const idOf = (eventId: string) => `${harness.source.name}:${eventId}`;
    const vendorFails = (fails: boolean) => {
      harness.vendor.setFaults({ ...noFaults, apiErrors: fails ? 1 : 0 });
    };

    /** So many events whose attempts are used up. */
    async function failed(count: number): Promise<string[]> {
      vendorFails(true);
      const events = Array.from({ length: count }, () => harness.vendor.createCustomer());
      for (const event of events) {
        await harness.post(event);
        await expect(harness.event(event.id).result()).rejects.toThrow();
      }
      vendorFails(false);
      return events.map(({ id }) => id);
    }

    /** Visibility lags behind by a moment. */
    async function untilListed(ids: readonly string[]): Promise<void> {
      await expect
        .poll(async () => (await harness.deadLetters.list({})).map(({ eventId }) => eventId).sort(), {
          timeout: 20_000,
        })
        .toEqual([...ids].sort());
    }

    const outcomeOf = async (eventId: string) =>
      (await harness.runtime.store.findEvent(harness.source.name, eventId))?.outcome;

    test('says so when none is open', async () => {
      expect(await landfall('list')).toEqual({
        exitCode: 0,
        stdout: 'No dead letter is open.\n',
        stderr: '',
      });
      expect(await landfall('list', '--json')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
      expect(await landfall('discard', '--all', ...because)).toEqual({
        exitCode: 0,
        stdout: 'No dead letter is open.\n',
        stderr: '',
      });
    });

    test('lists the open ones, shows one, and replays it until it succeeds', async () => {
      const [id = ''] = await failed(1);
      await untilListed([id]);

      const [table, json, ofOther] = await Promise.all([
        landfall(),
        landfall('list', '--json'),
        landfall('list', '--source', 'other'),
      ]);
      const [head, row, ...more] = table.stdout.trimEnd().split('\n');
      expect(head).toMatch(/^OPEN FOR +SOURCE +EVENT +TYPE +ENTITY +ERROR$/);
      expect(row).toMatch(
        new RegExp(`${harness.source.name} +${id} +customer\\.created +customer/cus_\\S+ +${unavailable}`),
      );
      expect(more).toEqual([]);
      expect(JSON.parse(json.stdout)).toMatchObject({
        source: harness.source.name,
        eventId: id,
        workflowId: `dead-letter:${idOf(id)}`,
        error: unavailable,
      });
      expect(ofOther.stdout).toBe('No dead letter is open.\n');

      const [shown, shownAsJson] = await Promise.all([
        landfall('show', idOf(id)),
        landfall('show', `dead-letter:${idOf(id)}`, '--json'),
      ]);
      expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
      expect(shown.stdout).toContain(`dead-letter:${idOf(id)}: open\n`);
      expect(shown.stdout).toContain(`fetchRecord failed with ${unavailable} after 5 attempts`);
      expect(shown.stdout).toContain('webhook-signature: [redacted]');
      expect(shown.stdout).toContain(`"id": "${id}"`);
      expect(JSON.parse(shownAsJson.stdout)).toMatchObject({
        state: { status: 'open', eventId: id },
        subject: { kind: 'event', event: { id } },
      });

      vendorFails(true);
      const again = await landfall('replay', idOf(id), ...because);
      expect(again.exitCode).toBe(1);
      expect(again.stdout).toContain('replay: ada@example.com: the vendor is back');
      expect(again.stdout).toMatch(/: failed: .*503|: failed: .*500/);

      vendorFails(false);
      const replayed = await landfall('replay', idOf(id), ...because);
      expect(replayed).toMatchObject({ exitCode: 0, stderr: '' });
      expect(replayed.stdout).toContain('resolved: ');
      expect(await outcomeOf(id)).toBe('applied');

      expectRefusal(
        await landfall('replay', idOf(id), ...because),
        `no open dead letter dead-letter:${idOf(id)}`,
      );
      await untilListed([]);
    });

    test('marks one as investigated, and closes it by a discard that is remembered', async () => {
      const [id = ''] = await failed(1);
      await untilListed([id]);

      const investigated = await landfall(
        ...['investigate', idOf(id), '--by', 'ada', '--owner', 'bob', '--note', 'asked the vendor'],
      );
      expect(investigated).toMatchObject({ exitCode: 0, stderr: '' });
      expect(investigated.stdout).toContain('ada gives it to bob: asked the vendor');
      expect((await landfall('show', idOf(id))).stdout).toMatch(/: investigating\n.*\n.*owner bob/);

      const discarded = await landfall('discard', idOf(id), '--by', 'ada', '--reason', 'test data');
      expect(discarded).toMatchObject({ exitCode: 0, stderr: '' });
      expect(discarded.stdout).toContain('ada: test data');
      expect((await landfall('show', idOf(id))).stdout).toContain(`dead-letter:${idOf(id)}: discarded\n`);
      expect(await outcomeOf(id)).not.toBe('applied');
      await untilListed([]);
    });

    test('lists those of a type and of an age', async () => {
      const [id = ''] = await failed(1);
      await untilListed([id]);
      const listed = async (...args: string[]) => (await landfall('list', '--json', ...args)).stdout !== '';
      expect(
        await Promise.all([
          listed('--type', 'customer.created'),
          listed('--type', 'customer.*', '--newer-than', '1h'),
          listed('--type', 'order.*'),
          listed('--older-than', '1h'),
          listed('--newer-than', '1ms'),
        ]),
      ).toEqual([true, true, false, false, false]);
      const one = await landfall('list', '--limit', '1');
      expect(one.stderr).toBe('These are the newest 1: --limit shows more.\n');
    });

    test('decides about many at once: counts them, asks, and says what came of them', async () => {
      const failing = await failed(2);
      const { body } = await harness.post({ type: 'customer.created' });
      const lost = body.eventId ?? '';
      await untilListed([...failing, lost]);

      const bySource = await landfall('replay', '--source', 'other', ...because);
      expect(bySource).toMatchObject({ exitCode: 0, stdout: 'No dead letter is open.\n' });

      const counted = await landfall('replay', '--error', unavailable, '--dry-run');
      expect(counted).toMatchObject({ exitCode: 0, stderr: '' });
      expect(counted.stdout).toMatch(
        new RegExp(
          `^2 +${harness.source.name} +customer\\.created +${unavailable}\n2 dead letters: error`,
          'm',
        ),
      );
      const nobodyToAsk = await landfall('replay', '--error', unavailable, ...because);
      expect(nobodyToAsk.exitCode).toBe(1);
      expect(nobodyToAsk.stderr).toContain(
        'Nobody can be asked "replay 2 dead letters, 2 of them first?" here: say so beforehand with --yes.',
      );
      expect(await Promise.all(failing.map(outcomeOf))).not.toContain('applied');

      const byError = await landfall('replay', '--error', unavailable, ...because, '--yes');
      expect(byError).toMatchObject({ exitCode: 0, stderr: '' });
      expect(byError.stdout).toMatch(/^bulk:replay:\S+: done, 2 done, 0 failed$/m);
      expect(await Promise.all(failing.map(outcomeOf))).toEqual(['applied', 'applied']);

      const [further = ''] = await failed(1);
      await untilListed([lost, further]);
      const all = await landfall('replay', '--all', ...because, '--yes', '--canary', '0');
      expect(all.exitCode).toBe(1);
      expect(all.stdout).toMatch(/^bulk:replay:\S+: failed, 1 done, 1 failed$/m);
      expect(all.stdout).toContain(`dead-letter:${harness.source.name}:${lost}: `);
      expect(await outcomeOf(further)).toBe('applied');
      await untilListed([lost]);

      const named = ['--source', harness.source.name, ...because, '--name', 'cleanup', '--yes', '--json'];
      const rest = await landfall('discard', ...named);
      expect(rest).toMatchObject({ exitCode: 0, stderr: '' });
      expect(JSON.parse(rest.stdout)).toMatchObject({
        survey: { letters: 1, complete: true, groups: [{ source: harness.source.name, count: 1 }] },
        bulk: { id: 'bulk:discard:cleanup', status: 'done', counts: { done: 1, failed: 0 } },
      });
      await untilListed([]);
      const [again = ''] = await failed(1);
      await untilListed([again]);
      expectRefusal(await landfall('discard', ...named), 'There is a bulk action bulk:discard:cleanup');
    });

    test('sends one decision without waiting, and says as JSON what came of another', async () => {
      const [id = ''] = await failed(1);
      await untilListed([id]);
      const sent = await landfall(
        'investigate',
        idOf(id),
        ...['--by', 'ada', '--owner', 'bob', '--note', 'x'],
        '--no-wait',
      );
      expect(sent).toMatchObject({ exitCode: 0, stderr: '' });
      const discarded = await landfall('discard', idOf(id), ...because, '--json');
      expect(discarded.exitCode).toBe(0);
      const { answered, entries } = JSON.parse(discarded.stdout) as { answered: boolean; entries: object[] };
      expect(answered).toBe(true);
      expect(entries).toContainEqual(expect.objectContaining({ what: 'resolved' }));
    });

    test('refuses what it cannot carry out, in one sentence', async () => {
      const [unknown, badId, nobody, noReason, none, both, badWait, counted, badType] = await Promise.all([
        landfall('show', 'demo:evt_unknown'),
        landfall('show', 'evt_without_source'),
        landfall('replay', 'demo:evt_1', '--reason', 'why not'),
        landfall('discard', 'demo:evt_1', '--by', 'ada'),
        landfall('replay', ...because),
        landfall('replay', 'demo:evt_1', '--all', ...because),
        landfall('replay', '--all', ...because, '--wait', 'long'),
        landfall('replay', 'demo:evt_1', '--dry-run'),
        landfall('list', '--type', '*.created'),
      ]);
      expectRefusal(unknown, 'There is no open dead letter dead-letter:demo:evt_unknown');
      expectRefusal(badId, 'Give <source>:<event id>');
      expectRefusal(nobody, "required option '--by <name>'");
      expectRefusal(noReason, "required option '--reason <text>'");
      expectRefusal(none, 'Name one dead letter by its id, or many');
      expectRefusal(both, 'Name one dead letter by its id, or many');
      expectRefusal(badWait, 'Give a duration such as 30s');
      expectRefusal(counted, '--dry-run counts many: name no id.');
      expectRefusal(badType, 'Give a type such as customer.updated');
      expectRefusal(await runLandfall(['dead-letters']), 'set TEMPORAL_ADDRESS');
    });

    test('ends with another code where the same again may succeed', async () => {
      const silent = await runLandfall(['dead-letters'], { TEMPORAL_ADDRESS: '127.0.0.1:1' });
      expect(silent).toMatchObject({ exitCode: 75, stdout: '' });
      expect(silent.stderr).toContain('ECONNREFUSED 127.0.0.1:1');
      const noStore = await runLandfall(['audit'], { DATABASE_URL: 'postgresql://ada@127.0.0.1:1/landfall' });
      expect(noStore).toMatchObject({ exitCode: 75, stdout: '' });
    });
  },
);

/** Exit code 1, and one line that says why. */
function expectRefusal({ exitCode, stdout, stderr }: CommandResult, why: string): void {
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining(why),
  });
  expect(stderr.trim().split('\n')).toHaveLength(1);
}
