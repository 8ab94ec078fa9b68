import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { giveUpSignal, holdStateQuery, releaseSignal } from '../../workflows/messages.ts';
import { UnknownHoldError } from '../errors.ts';
import type { Decision } from '../model/dead-letter.ts';
import type { HoldState } from '../model/hold.ts';
import { searchAttributes } from '../model/search-attributes.ts';
import { toTemporalError } from './temporal-error.ts';

/** A hold that lasts; `state` is null where no worker answers. */
export interface HoldRow {
  workflowId: string;
  source: string;
  error: string;
  since: Date;
  state: HoldState | null;
}

/** The running `hold` workflows, as the command line sees them. */
export interface Holds {
  /** The oldest first. @throws TemporalUnavailableError | TemporalRefusedError, as all of these */
  list(): Promise<HoldRow[]>;
  /** Lets its events try again now. @throws UnknownHoldError where there is no such hold */
  release(workflowId: string, decision: Decision): Promise<void>;
  /** Makes a dead letter of each event that waits. @throws as `release` */
  giveUp(workflowId: string, decision: Decision): Promise<void>;
}

/** The holds, over the client. */
export function createHolds(client: Client): Holds {
  return {
    async list() {
      const rows: HoldRow[] = [];
      try {
        const query = "WorkflowType = 'hold' AND ExecutionStatus = 'Running'";
        for await (const { workflowId, startTime, typedSearchAttributes } of client.workflow.list({
          query,
        })) {
          const state = await client.workflow
            .getHandle(workflowId)
            .query(holdStateQuery)
            .catch(() => null);
          rows.push({
            workflowId,
            source: typedSearchAttributes.get(searchAttributes.source) ?? '',
            error: typedSearchAttributes.get(searchAttributes.error) ?? '',
            since: state === null ? startTime : new Date(state.since),
            state,
          });
        }
      } catch (error) {
        throw toTemporalError(error, 'list the holds');
      }
      return rows.sort((a, b) => a.since.getTime() - b.since.getTime());
    },

    release: (workflowId, decision) => signal(workflowId, (handle) => handle.signal(releaseSignal, decision)),
    giveUp: (workflowId, decision) => signal(workflowId, (handle) => handle.signal(giveUpSignal, decision)),
  };

  async function signal(
    workflowId: string,
    send: (handle: ReturnType<Client['workflow']['getHandle']>) => Promise<void>,
  ): Promise<void> {
    try {
      await send(client.workflow.getHandle(workflowId));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        throw new UnknownHoldError(
          `There is no hold ${workflowId}: it was never begun, or it has ended. See "landfall holds list".`,
          { cause: error },
        );
      }
      throw toTemporalError(error, `signal the workflow ${workflowId}`);
    }
  }
}
