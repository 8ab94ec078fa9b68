import { proxyActivities, proxyLocalActivities, type ActivityInterfaceFor } from '@temporalio/workflow';
import type { Activities } from '../activities/types.ts';
import type { RetrySettings } from '../src/model/retry.ts';

type Proxies = ActivityInterfaceFor<Activities>;

/**
 * The first attempt of an event, inside of its first workflow task: what ordinary activities would cost in server work
 * (four more tasks, eleven more events) is saved for every event that succeeds at once, which nearly all do. One attempt: the next ones
 * are ordinary, so that they outlast a worker and are seen. 8 seconds: below that, Temporal need not be told that the task goes on.
 */
export function first(summary: string): Pick<Proxies, 'tryEvent'> {
  return proxyLocalActivities<Activities>({
    startToCloseTimeout: '8 seconds',
    retry: { maximumAttempts: 1 },
    summary,
  });
}

/**
 * A question to Temporal inside of the workflow task, at the cost of one event of the history. Without an answer in time the
 * event goes on as if there were no hold: it is asked again before it would become a dead letter.
 */
export function quickly(summary: string): Pick<Proxies, 'findHold'> {
  return proxyLocalActivities<Activities>({
    startToCloseTimeout: '3 seconds',
    retry: { maximumAttempts: 1 },
    summary,
  });
}

/**
 * Calls to the vendor and to destinations: few attempts with growing pauses, as the source sets them, then the dead letter.
 * 30 seconds an attempt: vendors' own clients give up sooner, and a worker that died is noticed by then.
 *
 * @param options.notRetried - types of failures that end it, because they are no fault of the other side
 * @param options.taskQueue - where calls to a vendor that limits its rate wait for their turn; null: the workflow's own
 * @param options.timeoutMilliseconds - how long one attempt may take; null: as long as any. Above that it heartbeats
 */
export function remote(
  retry: RetrySettings,
  summary: string,
  options: { notRetried?: string[]; taskQueue?: string | null; timeoutMilliseconds?: number | null } = {},
): Pick<Proxies, 'fetchRecord' | 'deliver' | 'deliverStored'> {
  // The activity's own end comes first: it says more than a timeout of Temporal's.
  const takes = Math.ceil((options.timeoutMilliseconds ?? 0) * 1.25) + 5_000;
  return proxyActivities<Activities>({
    startToCloseTimeout: Math.max(takes, 30_000),
    ...(takes <= 30_000 ? {} : { heartbeatTimeout: '30 seconds' }),
    retry: {
      maximumAttempts: retry.maximumAttempts,
      initialInterval: retry.initialIntervalMilliseconds,
      backoffCoefficient: retry.backoffCoefficient,
      maximumInterval: retry.maximumIntervalMilliseconds,
      nonRetryableErrorTypes: options.notRetried ?? [],
    },
    ...inQueue(options.taskQueue),
    summary,
  });
}

/**
 * Calls to our own store and to Temporal: tried for as long as it takes, because an outage of ours must never turn
 * events into dead letters. What the store refuses for good is not retried (StoreRefusedError).
 */
export function own(
  summary: string,
): Omit<
  Proxies,
  | 'tryEvent'
  | 'fetchRecord'
  | 'deliver'
  | 'deliverStored'
  | 'listChanges'
  | 'auditRecords'
  | 'redeliverMissed'
  | 'beginReplays'
  | 'awaitReplays'
  | 'findLetters'
  | 'decideLetters'
  | 'eraseRuns'
  | 'purgeTable'
  | 'rewrapEntityKeys'
> {
  return proxyActivities<Activities>({
    startToCloseTimeout: '30 seconds',
    retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
    summary,
  });
}

/** Pages of a replay, and looks at what it has begun. */
export function replaying(summary: string): Pick<Proxies, 'beginReplays' | 'awaitReplays'> {
  return inPages(summary);
}

/** Pages of a bulk action, and looks at what came of them. */
export function deciding(summary: string): Pick<Proxies, 'findLetters' | 'decideLetters'> {
  return inPages(summary);
}

/**
 * Our store and Temporal alone, tried for as long as it takes. Heartbeats, so that a worker that died is noticed within half a
 * minute though a slow pace may take long.
 */
function inPages(summary: string): Proxies {
  return proxyActivities<Activities>({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '30 seconds',
    retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
    summary,
  });
}

/**
 * The next pages of a vendor's list and their comparison, or the next of our copies. Heartbeats, so that a worker that died is
 * noticed within half a minute though a throttled page may take long. Tried for hours: a nightly run rides out an outage of the vendor's.
 *
 * @param taskQueue - as in `remote`
 */
export function listing(
  summary: string,
  taskQueue: string | null = null,
): Pick<Proxies, 'listChanges' | 'auditRecords'> {
  return proxyActivities<Activities>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '30 seconds',
    retry: {
      initialInterval: '2 seconds',
      backoffCoefficient: 2,
      maximumInterval: '5 minutes',
      maximumAttempts: 30,
    },
    ...inQueue(taskQueue),
    summary,
  });
}

/**
 * Having a vendor send again what it could not deliver. Heartbeats like `listing`, but is given up soon: the lists that follow find
 * most of what was missed, and the next run looks again.
 */
export function redelivering(
  summary: string,
  taskQueue: string | null = null,
): Pick<Proxies, 'redeliverMissed'> {
  return proxyActivities<Activities>({
    startToCloseTimeout: '10 minutes',
    heartbeatTimeout: '30 seconds',
    retry: {
      initialInterval: '2 seconds',
      backoffCoefficient: 2,
      maximumInterval: '1 minute',
      maximumAttempts: 3,
    },
    ...inQueue(taskQueue),
    summary,
  });
}

/** An entity's runs, ended and deleted. Heartbeats; tried for as long as it takes. */
export function erasing(summary: string): Pick<Proxies, 'eraseRuns'> {
  return inBatches(summary);
}

/** Old rows and keys, some at a time. Heartbeats; tried for as long as it takes. */
export function purging(summary: string): Pick<Proxies, 'purgeTable' | 'rewrapEntityKeys'> {
  return inBatches(summary);
}

function inBatches(summary: string): Proxies {
  return proxyActivities<Activities>({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '30 seconds',
    retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '1 minute' },
    summary,
  });
}

function inQueue(taskQueue: string | null = null): { taskQueue?: string } {
  return taskQueue === null ? {} : { taskQueue };
}
