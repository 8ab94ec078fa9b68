import { UnknownBulkActionError } from '../errors.ts';
import { type BulkCounts, type BulkLetter, type BulkLetterStatus, totalOf } from '../model/bulk.ts';
import type { BulkActions, BulkView } from '../temporal/bulk-actions.ts';
import { type Attempt, attempt } from './attempt.ts';
import { asking, type InspectionDependencies } from './dependencies.ts';

/** One bulk action, with what came of each of its dead letters. */
export interface BulkStory {
  id: string;
  /** As it says itself; a failure where nobody answers, or Temporal has it no more. */
  view: Attempt<BulkView>;
  counts: BulkCounts;
  /** In its order. */
  letters: BulkLetter[];
  /** Behind which letter the next page begins; null on the last one. */
  next: number | null;
}

/**
 * The story of a bulk action, page by page.
 * @throws UnknownBulkActionError where neither Temporal nor the store knows it, StoreUnavailableError
 */
export async function tellBulk(
  deps: InspectionDependencies & { bulk: BulkActions },
  id: string,
  page: { after: number; status: BulkLetterStatus | null; size: number },
): Promise<BulkStory> {
  const { store, bulk } = deps;
  const { after, status, size } = page;
  const [view, counts, letters] = await Promise.all([
    attempt(asking(deps, () => bulk.show(id))),
    store.countBulkLetters(id),
    store.listBulkLetters(id, { after, limit: size, ...(status === null ? {} : { statuses: [status] }) }),
  ]);
  if (
    'failure' in view &&
    view.failure.code === new UnknownBulkActionError('').code &&
    totalOf(counts) === 0
  ) {
    throw new UnknownBulkActionError(
      `There is no bulk action ${id}: it was never begun, or it is forgotten.`,
    );
  }
  return {
    id,
    view,
    counts,
    letters,
    next: letters.length < size ? null : (letters.at(-1)?.position ?? null),
  };
}
