import { setCurrentDetails, sleep } from '@temporalio/workflow';
import { describeErasure, type EraseInput, type ErasureReport } from '../src/model/erasure.ts';
import { erasing, own } from './activity-options.ts';

/**
 * Erases what there is of one entity: its runs at Temporal, the key that they were encrypted under, and its rows in the store.
 *
 * The key goes first but for the runs: a process may know it for a while, and begin an event under it. What was begun so, and what
 * the list of runs did not show at once, is erased after that time. The rows go last: an activity that was under way may have written
 * some.
 */
export async function eraseEntity(input: EraseInput): Promise<ErasureReport> {
  const { source, entity, by, reason, forgetMilliseconds } = input;
  const about = { source, entity };
  const first = await erasing('end and delete its runs').eraseRuns({
    ...about,
    startedBefore: Date.now(),
    droppedKeys: [],
  });
  const keys = await own('erase its key').dropEntityKey(about);
  const droppedAt = Date.now();
  setCurrentDetails('Its key is erased. Waiting until no process knows it any more.');
  await sleep(forgetMilliseconds, { summary: 'until its key is forgotten everywhere' });
  const second = await erasing('end and delete what began meanwhile').eraseRuns({
    ...about,
    startedBefore: droppedAt,
    droppedKeys: keys,
  });
  const eventIds = [...new Set([...first.eventIds, ...second.eventIds])];
  const rows = await own('erase its rows').eraseRows({ ...about, eventIds, by, reason });
  const report: ErasureReport = {
    ...about,
    ended: first.ended + second.ended,
    // A run that is told to be deleted may be listed for a while.
    deleted: Math.max(first.deleted, second.deleted),
    left: Math.max(first.left, second.left),
    keys: keys.length,
    rows: { ...rows },
  };
  setCurrentDetails(`By ${by}, because ${reason}: ${describeErasure(report)}.`);
  return report;
}
