import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { encodeToPayloads } from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { DeadLetterCases } from '../../activities/dependencies.ts';
import { discardSignal, investigateSignal, replaySignal, stateQuery } from '../../workflows/messages.ts';
import type { BulkKind } from '../model/bulk.ts';
import type { Decision, Investigation } from '../model/dead-letter.ts';
import { deadLetterWorkflowId, parseDeadLetterId } from '../model/ids.ts';
import { openLetters } from './letter-filter.ts';
import { listPage } from './list-page.ts';
import { isNotFound, toTemporalError } from './temporal-error.ts';

const signals = { replay: replaySignal, discard: discardSignal, investigate: investigateSignal };

/** The cases of dead letters, over the client. */
export function createDeadLetterCases(client: Client): DeadLetterCases {
  const { namespace, identity, loadedDataConverter } = client.options;
  return {
    async find(filter, page) {
      try {
        const { runs, nextCursor } = await listPage(client, openLetters(filter), page);
        const letters = runs
          .map(({ workflowId }) => parseDeadLetterId(workflowId))
          .filter((it) => it !== null);
        return { letters, nextCursor };
      } catch (error) {
        throw toTemporalError(error, 'list the dead letters');
      }
    },

    async decide({ source, eventId }, kind, decision, requestId) {
      const workflowId = deadLetterWorkflowId(source, eventId);
      try {
        // Not by the handle, which makes a new request of each try: a try after a crash would be a second replay.
        await client.workflowService.signalWorkflowExecution({
          namespace,
          identity,
          workflowExecution: { workflowId },
          signalName: signals[kind].name,
          requestId,
          input: {
            payloads: (await encodeToPayloads(loadedDataConverter, messageOf(kind, decision))) ?? [],
          },
        });
      } catch (error) {
        if (isNotFound(error)) return;
        throw toTemporalError(error, `signal the workflow ${workflowId}`);
      }
    },

    async read({ source, eventId }) {
      const workflowId = deadLetterWorkflowId(source, eventId);
      try {
        return await client.workflow.getHandle(workflowId).query(stateQuery);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return null;
        throw toTemporalError(error, `answer for ${workflowId}; is a worker running?`);
      }
    },
  };
}

function messageOf(
  kind: BulkKind,
  { by, reason, via, owner }: Decision & { owner?: string },
): Decision | Investigation {
  const from = via === undefined ? {} : { via };
  return kind === 'investigate' ? { by, owner: owner ?? '', note: reason, ...from } : { by, reason, ...from };
}
