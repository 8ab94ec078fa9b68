import { CancellationScope, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import { describeErasure, type EraseInput, type ErasureReport } from '../src/model/erasure.ts';
import { erasing, own } from './activity-options.ts';
import { noteDecision } from './note-decision.ts';

/**
 * Erases what there is of one entity: its runs at Temporal, the key that they were encrypted under, and its rows in the store.
 *
 * The key goes first but for the runs: a process may know it for a while, and begin an event under it. What was begun so, and what
 * the list of runs did not show at once, is erased after that time. The rows go last: an activity that was under way may have written
 * some.
 */
export async function eraseEntity(input: EraseInput): Promise<ErasureReport> {
  const { source, by, reason, via = 'temporal' } = input;
  const { workflowId: target } = workflowInfo();
  const noted = await noteDecision({ by, reason, via, action: 'erase', source, target });
  try {
    const report = await erase(input);
    await noted.end({ outcome: 'done', text: describeErasure(report) });
    setCurrentDetails(`By ${by}, because ${reason}: ${describeErasure(report)}.`);
    return report;
  } catch (error) {
    // Also where it was cancelled.
    await CancellationScope.nonCancellable(() =>
      noted.end({ outcome: 'failed', text: 'it did not come to its end: begin it again' }),
    );
    throw error;
  }
}

async function erase({ source, entity, by, reason, forgetMilliseconds }: EraseInput): Promise<ErasureReport> {
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
  return {
    ...about,
    ended: first.ended + second.ended,
    deleted: first.deleted + second.deleted,
    left: first.left + second.left,
    keys: keys.length,
    rows: { ...rows },
  };
}
