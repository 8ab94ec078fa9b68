import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy, type Client } from '@temporalio/client';
import type { processEvent } from '../../workflows/index.ts';
import type {
  DeadLetterInput,
  DeadLetterTimers,
  FailureReport,
  UnreadableDelivery,
} from '../model/dead-letter.ts';
import { deadLetterWorkflowId, eventWorkflowId } from '../model/ids.ts';
import { eventStartOptions, type ProcessEventInput, workflowVersion } from '../model/process-event.ts';
import type { RetrySettings } from '../model/retry.ts';
import type { Store } from '../store/store.ts';
import type { EventStarter } from './event-starter.ts';
import { openDeadLetter } from './open-dead-letter.ts';
import { toTemporalError } from './temporal-error.ts';

/** What of a source decides how its events are started. */
export interface StartSettings {
  retry: RetrySettings;
  /** The task queue of the source's worker. */
  taskQueue: string;
}

/**
 * The one place that starts `processEvent` for a delivery: its id, its reuse policy, what the UI shows of it.
 *
 * @param settingsOf - by source name
 * @param store - knows the first body of a processed event at less cost than Temporal
 * @param deadlineMilliseconds - how long one event may wait for Temporal. @default 3000
 */
export function createEventStarter({
  client,
  settingsOf,
  timers,
  store,
  deadlineMilliseconds = 3_000,
}: {
  client: Client;
  store: Pick<Store, 'findEvent'>;
  settingsOf: (source: string) => StartSettings;
  timers: DeadLetterTimers;
  deadlineMilliseconds?: number;
}): EventStarter {
  const inTime = <Result>(call: () => Promise<Result>) =>
    client.withDeadline(Date.now() + deadlineMilliseconds, call);

  return {
    async start(event) {
      const { retry, taskQueue } = settingsOf(event.source);
      const workflowId = eventWorkflowId(event.source, event.id);
      const input: ProcessEventInput = { workflowVersion, event, retry, replay: null };
      try {
        await inTime(() =>
          client.workflow.start<typeof processEvent>('processEvent', {
            workflowId,
            taskQueue,
            args: [input],
            workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
            ...eventStartOptions(input),
          }),
        );
        return { workflowId, duplicate: false, firstBodySha256: null };
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
          throw toTemporalError(error, `start the workflow ${workflowId}`);
        }
        const { source, id } = event;
        const firstBodySha256 =
          (await processedBody(source, id)) ?? (await readMemo(workflowId, 'bodySha256'));
        return { workflowId, duplicate: true, firstBodySha256 };
      }
    },

    async startUnreadable(source, eventId, delivery) {
      const { retry, taskQueue } = settingsOf(source);
      const workflowId = deadLetterWorkflowId(source, eventId);
      const deliveryId = randomUUID();
      const input: DeadLetterInput = {
        source,
        eventId,
        subject: { kind: 'unreadable', delivery },
        retry,
        timers,
      };
      try {
        await inTime(() =>
          openDeadLetter(client, input, unreadable(delivery), {
            taskQueue,
            reopen: false,
            memo: { deliveryId },
          }),
        );
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) {
          return { workflowId, duplicate: true, firstBodySha256: delivery.bodySha256 };
        }
        throw toTemporalError(error, `open the dead letter ${workflowId}`);
      }
      const first = await readMemo(workflowId, 'deliveryId');
      return {
        workflowId,
        duplicate: first !== null && first !== deliveryId,
        firstBodySha256: delivery.bodySha256,
      };
    },
  };

  /** A best effort, as `readMemo`; null of an event that is not processed yet. */
  async function processedBody(source: string, eventId: string): Promise<string | null> {
    try {
      return (await store.findEvent(source, eventId))?.bodySha256 ?? null;
    } catch {
      return null;
    }
  }

  /** A best effort: what was asked for is done by then, and only the answer to the vendor gets poorer. */
  async function readMemo(workflowId: string, key: string): Promise<string | null> {
    try {
      const { memo } = await inTime(() => client.workflow.getHandle(workflowId).describe());
      const value = memo?.[key];
      return typeof value === 'string' ? value : null;
    } catch {
      return null;
    }
  }
}

function unreadable(delivery: UnreadableDelivery): FailureReport {
  return {
    step: 'readEvent',
    type: 'LANDFALL_EVENT_UNREADABLE',
    message: delivery.reason,
    causes: [],
    attempts: null,
    retryable: false,
    at: delivery.receivedAt,
    workflowId: null,
    runId: null,
  };
}
