import type { Client, RawWorkflowExecutionInfo } from '@temporalio/client';
import type { LetterFilter } from '../model/bulk.ts';
import { deadLetterWorkflowId } from '../model/ids.ts';
import { searchAttributes } from '../model/search-attributes.ts';
import type { DeadLetterRow } from './dead-letters.ts';
import { openLetters } from './letter-filter.ts';
import { listExecutions, type Page } from './list-page.ts';
import { countRuns, listRuns } from './list-runs.ts';
import { toTemporalError } from './temporal-error.ts';

/** A page of the open dead letters. */
export interface DeadLetterPage {
  /** The newest first. */
  rows: DeadLetterRow[];
  nextCursor: string | null;
  /** How many there are on all pages. */
  total: number;
}

/**
 * A page of the open dead letters that are meant, and how many there are: two calls, however many that is.
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function pageOfDeadLetters(
  client: Client,
  filter: LetterFilter,
  page: Page,
): Promise<DeadLetterPage> {
  const query = openLetters(filter);
  const [{ rows, nextCursor }, total] = await Promise.all([
    listRuns(client, query, page),
    countRuns(client, query),
  ]);
  return {
    rows: rows.map(({ source, workflowId, eventType, entity, error, startedAt }) => ({
      source,
      eventId: workflowId.slice(deadLetterWorkflowId(source, '').length),
      workflowId,
      eventType,
      entity,
      error,
      openedAt: new Date(startedAt),
    })),
    nextCursor,
    total,
  };
}

/** How many dead letters are open, by source. */
export interface OpenBySource {
  bySource: Readonly<Record<string, number>>;
  /** False where there are more than were looked at, which are then the newest. */
  complete: boolean;
}

/** As many as one call of Temporal's answers. A count of each source would be a call each, and it allows ten a second by default. */
const lookedAt = 1_000;

/** How many dead letters each source has open. @throws TemporalUnavailableError | TemporalRefusedError */
export async function countOpenBySource(client: Client): Promise<OpenBySource> {
  try {
    const { executions, nextCursor } = await listExecutions(client, openLetters({}), {
      cursor: null,
      size: lookedAt,
    });
    const bySource: Record<string, number> = {};
    for (const each of executions) {
      const source = sourceOf(each);
      bySource[source] = (bySource[source] ?? 0) + 1;
    }
    // Some servers give a cursor behind the last page too.
    return { bySource, complete: nextCursor === null || executions.length < lookedAt };
  } catch (error) {
    throw toTemporalError(error, 'list the dead letters');
  }
}

/** Only the one attribute is decoded: Temporal never encrypts these. */
function sourceOf({ searchAttributes: found }: RawWorkflowExecutionInfo): string {
  const { data } = found?.indexedFields?.[searchAttributes.source.name] ?? {};
  const value: unknown = data == null ? '' : JSON.parse(Buffer.from(data).toString());
  return typeof value === 'string' ? value : '';
}
