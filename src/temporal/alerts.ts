import {
  type Client,
  WorkflowIdConflictPolicy,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { judgeAlerts } from '../../workflows/index.ts';
import { alertsQuery, silenceAlertUpdate, unsilenceAlertUpdate } from '../../workflows/messages.ts';
import { UnknownAlertError } from '../errors.ts';
import type { AlertsView } from '../model/incidents.ts';
import type { SilenceRequest, UnsilenceRequest } from '../model/silence-alert.ts';
import { toTemporalError } from './temporal-error.ts';

/** `alerts:<task queue>`: each deployment judges for itself. */
export function alertsWorkflowId(taskQueue: string): string {
  return `alerts:${taskQueue}`;
}

/**
 * Begins the workflow that judges alerts where it does not run. It reads its settings at each look, and ends where alerts are off.
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function ensureAlerts(client: Client, taskQueue: string): Promise<void> {
  const workflowId = alertsWorkflowId(taskQueue);
  try {
    await client.workflow.start<typeof judgeAlerts>('judgeAlerts', {
      workflowId,
      taskQueue,
      args: [{ view: null }],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      staticSummary: 'judges each minute whether something is wrong, and tells people',
    });
  } catch (error) {
    throw toTemporalError(error, `start the workflow ${workflowId}`);
  }
}

/** The alerts of a deployment, as the command line sees them: a worker must be running to answer. */
export interface Alerts {
  /** @throws UnknownAlertError where no alerts are judged, TemporalUnavailableError | TemporalRefusedError, as all of these */
  view(): Promise<AlertsView>;
  /** Answers until when. @throws UnknownAlertError where there is no such alert */
  silence(request: SilenceRequest): Promise<{ until: string }>;
  /** Answers whether it was silenced. @throws as `silence` */
  unsilence(request: UnsilenceRequest): Promise<{ found: boolean }>;
}

/** The alerts, over the client. */
export function createAlerts(client: Client, taskQueue: string): Alerts {
  const workflowId = alertsWorkflowId(taskQueue);
  const handle = client.workflow.getHandle<typeof judgeAlerts>(workflowId);
  const ask = async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) {
        throw new UnknownAlertError(error.cause?.message ?? error.message, { cause: error });
      }
      if (error instanceof WorkflowNotFoundError) throw notJudged(workflowId, error);
      throw toTemporalError(error, `answer for ${workflowId}; is a worker running?`);
    }
  };
  return {
    async view() {
      const view = await ask(() => handle.query(alertsQuery));
      if (view === null) throw notJudged(workflowId);
      return view;
    },
    silence: (request) => ask(() => handle.executeUpdate(silenceAlertUpdate, { args: [request] })),
    unsilence: (request) => ask(() => handle.executeUpdate(unsilenceAlertUpdate, { args: [request] })),
  };
}

function notJudged(workflowId: string, cause?: unknown): UnknownAlertError {
  return new UnknownAlertError(
    `No alerts are judged: the workflow ${workflowId} does not run. A worker begins it at its start, unless LANDFALL_ALERT_EVERY is off.`,
    { cause },
  );
}
