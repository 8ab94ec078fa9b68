import { type Client, isGrpcServiceError } from '@temporalio/client';
import type { EntityRuns } from '../../activities/dependencies.ts';
import { describeEntity, type EntityRef } from '../model/event.ts';
import { parseDeadLetterId } from '../model/ids.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import { quote } from './list-filter.ts';
import { listPage } from './list-page.ts';
import { keyIdOf } from './payload-codec.ts';
import { isNotFound, toTemporalError } from './temporal-error.ts';

/** gRPC PERMISSION_DENIED, UNIMPLEMENTED: who runs this Temporal lets nobody delete. */
const undeletable: ReadonlySet<number> = new Set([7, 12]);
const pageSize = 100;

/** All runs that are about one entity (its events, their dead letters, its turns), over the client. */
export function createEntityRuns(client: Client): EntityRuns {
  const { namespace } = client.options;
  const service = client.workflowService;

  return {
    async find(source, entity) {
      try {
        const query = filter(source, entity);
        const runs = [];
        for (let cursor: string | null = null; ;) {
          const page = await listPage(client, query, { cursor, size: pageSize });
          for (const run of page.runs) runs.push({ ...run, eventId: eventIdOf(run.workflowId, source) });
          cursor = page.nextCursor;
          if (cursor === null) return runs;
        }
      } catch (error) {
        throw toTemporalError(error, `list the runs of ${describeEntity(entity)}`);
      }
    },

    async look(run) {
      try {
        const { history } = await service.getWorkflowExecutionHistory({
          namespace,
          execution: run,
          // The first event of a history holds what the run was begun with.
          maximumPageSize: 1,
        });
        const [first] = history?.events ?? [];
        const [payload] = first?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
        const { seconds, nanos } = first?.eventTime ?? {};
        const startedAt = Number(seconds ?? 0) * 1_000 + (nanos ?? 0) / 1_000_000;
        return { startedAt, keyId: payload === undefined ? null : keyIdOf(payload) };
      } catch (error) {
        if (isNotFound(error)) return null;
        throw toTemporalError(error, `show the run of ${run.workflowId}`);
      }
    },

    async end(run, reason) {
      try {
        await service.terminateWorkflowExecution({ namespace, workflowExecution: run, reason });
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw toTemporalError(error, `end the run of ${run.workflowId}`);
      }
    },

    async delete(run) {
      try {
        await service.deleteWorkflowExecution({ namespace, workflowExecution: run });
        return true;
      } catch (error) {
        if (isNotFound(error)) return true;
        if (isGrpcServiceError(error) && undeletable.has(error.code)) return false;
        throw toTemporalError(error, `delete the run of ${run.workflowId}`);
      }
    },
  };
}

function filter(source: string, entity: EntityRef): string {
  return [
    `${searchAttributes.source.name} = ${quote(source)}`,
    `${searchAttributes.entity.name} = ${quote(keyword(describeEntity(entity)))}`,
  ].join(' AND ');
}

/** Of an event's run or its dead letter; null of its turns. */
function eventIdOf(workflowId: string, source: string): string | null {
  const event = parseDeadLetterId(workflowId);
  return event?.source === source ? event.eventId : null;
}
