import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { reconcile } from '../../workflows/index.ts';
import { reconcileWorkflowId } from '../model/reconciliation.ts';
import { searchAttributes } from '../model/search-attributes.ts';
import type { Source } from '../sources/define-source.ts';
import { toTemporalError } from './temporal-error.ts';

const prefix = 'reconcile-';

/** `reconcile-<source>`: one schedule for each source that can list its changes. */
export function scheduleId(source: string): string {
  return prefix + source;
}

/**
 * The sources that have a schedule, in no order. Another worker may keep theirs, or nobody any more.
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function scheduledSources(client: Client): Promise<string[]> {
  const sources: string[] = [];
  try {
    for await (const { scheduleId: id } of client.schedule.list()) {
      if (id.startsWith(prefix)) sources.push(id.slice(prefix.length));
    }
  } catch (error) {
    throw toTemporalError(error, 'list the schedules');
  }
  return sources;
}

const minute = 60_000;
const day = 86_400_000;

/**
 * Creates the schedules that are missing and brings the others up to date. What an engineer did to one, such as pausing it,
 * stays. The first run of a new schedule is begun at once: it is the backfill.
 *
 * @returns the names of the sources that have a schedule now
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function ensureSchedules(
  client: Client,
  sources: Iterable<Source>,
  taskQueueOf: (source: string) => string,
): Promise<string[]> {
  const scheduled: string[] = [];
  for (const source of sources) {
    if (source.listChanged === undefined) continue;
    try {
      await ensureSchedule(client, source, taskQueueOf(source.name));
    } catch (error) {
      throw toTemporalError(error, `keep the schedule ${scheduleId(source.name)}`);
    }
    scheduled.push(source.name);
  }
  return scheduled;
}

async function ensureSchedule(client: Client, source: Source, taskQueue: string): Promise<void> {
  const options = scheduleOptions(source, taskQueue);
  try {
    const handle = await client.schedule.create(options);
    // Not by `triggerImmediately`: a run that begins so is not counted by the overlap policy, and the first tick would run beside it.
    await handle.trigger(ScheduleOverlapPolicy.SKIP);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule
      .getHandle(options.scheduleId)
      .update((previous) => ({ ...options, state: previous.state }));
  }
}

function scheduleOptions({ name, reconcile: { everyMilliseconds } }: Source, taskQueue: string) {
  return {
    scheduleId: scheduleId(name),
    // Sources begin at different moments, and jitter keeps several deployments from asking one vendor at once.
    spec: {
      intervals: [{ every: everyMilliseconds, offset: offset(name, everyMilliseconds) }],
      jitter: Math.min(everyMilliseconds / 20, 5 * minute),
    },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      // The overlap of a run's own range makes up for ticks that were missed for longer.
      catchupWindow: Math.min(Math.max(everyMilliseconds, 10 * minute), day),
      pauseOnFailure: false,
    },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'reconcile' satisfies typeof reconcile.name,
      // The schedule adds the time of the run to it.
      workflowId: reconcileWorkflowId(name),
      taskQueue,
      args: [{ source: name, since: null }],
      staticSummary: `${name}: compare what changed with our copies, repair the differences`,
      typedSearchAttributes: [{ key: searchAttributes.source, value: name }],
    },
  };
}

/** A steady part of the interval for each name, below an hour. */
function offset(name: string, everyMilliseconds: number): number {
  let sum = 7;
  for (const character of name) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return Math.floor((sum / 65_521) * Math.min(everyMilliseconds, 60 * minute));
}
