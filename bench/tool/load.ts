import type { Bed } from './bed.ts';
import { type LoadJob, type LoadResult, loadResultSchema } from './load-job.ts';

/** Runs a load and checks that nothing was refused. */
export async function runLoad(
  bed: Bed,
  job: Pick<LoadJob, 'target' | 'prefix' | 'concurrency'> &
    Partial<Pick<LoadJob, 'first' | 'eventsPerSecond'>> & { events?: number; milliseconds?: number },
): Promise<LoadResult> {
  const { events = null, milliseconds = null, first = 0, eventsPerSecond = null, ...rest } = job;
  const message: LoadJob = { ...rest, first, eventsPerSecond, limit: { events, milliseconds } };
  const result = await bed.load.ask(message, loadResultSchema);
  if (result.refused > 0) throw new Error(`${result.refused} of the events of ${job.prefix} were refused.`);
  return result;
}
