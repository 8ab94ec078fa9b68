import { setTimeout as wait } from 'node:timers/promises';
import { LandfallError } from '../src/errors.ts';
import { type BulkLetter, readAnswer, takenBy, toldOf } from '../src/model/bulk.ts';
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
    findLetters: ({ bulkId, filter, cursor, pageSize, atMost }) =>
      heartbeating(async () => {
        if (cursor === null) await freeForgotten(bulkId);
        // From the store: a try before this one may have added some.
        const before = await store.countBulkLetters(bulkId);
        const room = (atMost ?? Number.POSITIVE_INFINITY) - takenBy(before);
        if (room <= 0) return { nextCursor: null, counts: before };
        const page = await cases.find(filter, { cursor, size: Math.min(pageSize, room) });
        await store.addBulkLetters(bulkId, page.letters);
        return { nextCursor: page.nextCursor, counts: await store.countBulkLetters(bulkId) };
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
      await takeEach(letters, atOnce, (letter) => askOne(input, letter));
      told += letters.length;
    }
  }

  /**
   * One that is closed counts as asked as well: a try before this one may have told it, and what it says then is its answer. One
   * that was closed by somebody else is found out when the answers are read.
   */
  async function askOne({ bulkId, kind, decision }: DecideInput, letter: BulkLetter): Promise<void> {
    const { source, eventId } = letter;
    try {
      await cases.decide(letter, kind, { ...decision, via: 'bulk' }, bulkId);
      await store.markBulkLetters(bulkId, [{ source, eventId, status: 'asked', result: null }]);
    } catch (error) {
      // What Temporal refuses for good is the answer of this one, and holds up no other.
      if (!(error instanceof LandfallError) || error.retryable) throw error;
      await store.markBulkLetters(bulkId, [{ source, eventId, status: 'failed', result: error.message }]);
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
