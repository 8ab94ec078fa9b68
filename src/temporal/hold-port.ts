import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { TemporalPort } from '../../activities/dependencies.ts';
import type { hold } from '../../workflows/index.ts';
import { failingSignal, letGoSignal } from '../../workflows/messages.ts';
import { heldAt, type HoldKey, holdWorkflowId, releasing } from '../model/hold.ts';
import { clip, summaryLength } from '../model/process-event.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import { takeTurns } from '../model/take-turns.ts';
import { quote } from './list-filter.ts';
import { listPage } from './list-page.ts';
import { signalIfOpen } from './signal-if-open.ts';
import { toTemporalError } from './temporal-error.ts';

type HoldPort = Pick<
  TemporalPort,
  'isHeld' | 'beginHold' | 'countHeld' | 'listHeld' | 'listProcessed' | 'tellHeld'
>;

/** What activities ask of Temporal about holds, over the client. The running `hold` workflows are the holds: there is no other list. */
export function createHoldPort(client: Client, taskQueueOf: (source: string) => string): HoldPort {
  return {
    async isHeld(key) {
      const workflowId = holdWorkflowId(key);
      try {
        const { status, typedSearchAttributes } = await client.workflow.getHandle(workflowId).describe();
        return status.name === 'RUNNING' && typedSearchAttributes.get(searchAttributes.outcome) !== releasing;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw toTemporalError(error, `describe the workflow ${workflowId}`);
      }
    },

    async beginHold(input) {
      const { source, step, error: code, entities, message } = input;
      const workflowId = holdWorkflowId(input);
      try {
        await client.workflow.signalWithStart<typeof hold, [{ message: string }]>('hold', {
          workflowId,
          taskQueue: taskQueueOf(source),
          args: [input],
          signal: failingSignal,
          signalArgs: [{ message }],
          ...takeTurns(source),
          staticSummary: clip(
            `${source} is held: ${entities} records failed at ${step} with ${code}`,
            summaryLength,
          ),
          staticDetails: `**${source}** is held at ${step}: ${entities} different records failed with \`${code}\`. The current details say what can be done.`,
          typedSearchAttributes: [
            { key: searchAttributes.source, value: source },
            { key: searchAttributes.error, value: keyword(code) },
          ],
        });
      } catch (error) {
        throw toTemporalError(error, `start the workflow ${workflowId}`);
      }
    },

    async countHeld(key) {
      try {
        const { count } = await client.workflow.count(waitingFor(key));
        return count;
      } catch (error) {
        throw toTemporalError(error, 'count the events that are held');
      }
    },

    async listHeld(key, { cursor, limit }) {
      try {
        const { runs, nextCursor } = await listPage(client, waitingFor(key), { cursor, size: limit });
        return { workflowIds: runs.map(({ workflowId }) => workflowId), nextCursor };
      } catch (error) {
        throw toTemporalError(error, 'list the events that are held');
      }
    },

    async listProcessed(source, since, limit) {
      try {
        const { runs } = await listPage(client, processedSince(source, since), { cursor: null, size: limit });
        return runs.map(({ workflowId }) => workflowId);
      } catch (error) {
        throw toTemporalError(error, 'list the processed events');
      }
    },

    tellHeld: (workflowId, release) =>
      signalIfOpen(workflowId, () => client.workflow.getHandle(workflowId).signal(letGoSignal, release)),
  };
}

/** Without those that ended before they were fetched. */
function processedSince(source: string, since: string): string {
  const outcome = searchAttributes.outcome.name;
  return [
    "WorkflowType = 'processEvent'",
    "ExecutionStatus = 'Completed'",
    `${searchAttributes.source.name} = ${quote(source)}`,
    `CloseTime >= ${quote(since)}`,
    `(${outcome} IS NULL OR (${outcome} != 'ignored' AND ${outcome} != 'duplicate'))`,
  ].join(' AND ');
}

function waitingFor({ source, step, error }: HoldKey): string {
  return [
    "WorkflowType = 'processEvent'",
    "ExecutionStatus = 'Running'",
    `${searchAttributes.source.name} = ${quote(source)}`,
    `${searchAttributes.outcome.name} = ${quote(heldAt(step))}`,
    `${searchAttributes.error.name} = ${quote(keyword(error))}`,
  ].join(' AND ');
}
