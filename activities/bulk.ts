import { setTimeout as wait } from 'node:timers/promises';
import { LandfallError } from '../src/errors.ts';
import { type BulkLetter, readAnswer, toldOf } from '../src/model/bulk.ts';
import { takeEach } from '../src/model/take-each.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { heartbeating } from './heartbeating.ts';
import type { Activities } from './types.ts';

type BulkActivities = Pick<Activities, 'findLetters' | 'decideLetters' | 'leaveLetters'>;
type DecideInput = Parameters<Activities['decideLetters']>[0];

/** Letters that are asked, or looked at, at once: enough to hide Temporal's latency. */
const atOnce = 10;
/** Answers that are looked for at once: more than are ever under way (`mostUnderWay` in workflows/bulk-steps.ts). */
const mostAsked = 200;
const pollMilliseconds = 500;
const shownFailures = 10;

/** What a bulk action does outside of its workflow. */
export function createBulkActivities({
  store,
  cases,
  temporal,
  logger,
}: ActivityDependencies): BulkActivities {
  return {
    findLetters: ({ bulkId, filter, cursor, pageSize, room }) =>
      heartbeating(async () => {
        if (cursor === null) await freeForgotten(bulkId);
        let added = 0;
        let nextCursor: string | null = null;
        if (room > 0) {
          const page = await cases.find(filter, { cursor, size: Math.min(pageSize, room) });
          added = await store.addBulkLetters(bulkId, page.letters);
          ({ nextCursor } = page);
        }
        return { added, nextCursor, counts: await store.countBulkLetters(bulkId) };
      }),

    decideLetters: (input) =>
      heartbeating(async (signal) => {
        await ask(input);
        const until = performance.now() + input.waitMilliseconds;
        for (;;) {
          await collect(input);
          const counts = await store.countBulkLetters(input.bulkId);
          if (counts.asked === 0 || performance.now() >= until) {
            return { counts, failures: counts.failed === 0 ? [] : await newestFailures(input.bulkId) };
          }
          await wait(pollMilliseconds, undefined, { signal });
        }
      }),

    async leaveLetters({ bulkId, asked }) {
      await store.leaveBulkLetters(bulkId, asked ? ['waiting', 'asked'] : ['waiting']);
      return store.countBulkLetters(bulkId);
    },
  };

  /** A bulk action that was terminated would hold its letters for ever. */
  async function freeForgotten(bulkId: string): Promise<void> {
    for (const other of await store.listOpenBulks()) {
      if (other === bulkId || (await temporal.describeRun(other)) === 'RUNNING') continue;
      await store.leaveBulkLetters(other, ['waiting', 'asked']);
      logger.warn({ bulkId: other }, 'a bulk action was ended from outside: its letters are left');
    }
  }

  async function ask(input: DecideInput): Promise<void> {
    const { bulkId, upTo } = input;
    let told = toldOf(await store.countBulkLetters(bulkId));
    while (told < upTo) {
      const limit = Math.min(upTo - told, atOnce);
      const letters = await store.listBulkLetters(bulkId, { statuses: ['waiting'], limit });
      if (letters.length === 0) return;
      const asked = await takeEach(letters, atOnce, (letter) => askOne(input, letter));
      told += asked.filter((one) => one).length;
    }
  }

  /** Whether it was asked, rather than found closed. */
  async function askOne({ bulkId, kind, decision }: DecideInput, letter: BulkLetter): Promise<boolean> {
    const { source, eventId } = letter;
    try {
      const open = await cases.decide(letter, kind, { ...decision, via: 'bulk' }, bulkId);
      const mark = open
        ? ({ status: 'asked', result: null } as const)
        : ({ status: 'skipped', result: 'closed before its turn' } as const);
      await store.markBulkLetters(bulkId, [{ source, eventId, ...mark }]);
      return open;
    } catch (error) {
      // What Temporal refuses for good is the answer of this one, and holds up no other.
      if (!(error instanceof LandfallError) || error.retryable) throw error;
      await store.markBulkLetters(bulkId, [{ source, eventId, status: 'failed', result: error.message }]);
      return true;
    }
  }

  async function collect({ bulkId, kind }: DecideInput): Promise<void> {
    const asked = await store.listBulkLetters(bulkId, { statuses: ['asked'], limit: mostAsked });
    await takeEach(asked, atOnce, async (letter) => {
      const { source, eventId } = letter;
      const answer = await answerOf(letter, bulkId, kind);
      if (answer !== null) await store.markBulkLetters(bulkId, [{ source, eventId, ...answer }]);
    });
  }

  async function answerOf(letter: BulkLetter, bulkId: string, kind: DecideInput['kind']) {
    try {
      const state = await cases.read(letter);
      if (state === null) {
        return { status: 'skipped', result: 'Temporal has no run of it any more' } as const;
      }
      return readAnswer(state, kind, bulkId);
    } catch (error) {
      // Nobody of its task queue answers now: asked again at the next look.
      if (error instanceof LandfallError) return null;
      throw error;
    }
  }

  async function newestFailures(bulkId: string) {
    const failed = await store.listBulkLetters(bulkId, {
      statuses: ['failed'],
      newestFirst: true,
      limit: shownFailures,
    });
    return failed.map(({ source, eventId, result }) => ({ source, eventId, result: result ?? '' }));
  }
}
