import type { Client } from '@temporalio/client';
import type { EventSelection } from '../model/replay-events.ts';
import { searchAttributes } from '../model/search-attributes.ts';
import { quote, typeFilter } from './list-filter.ts';
import { listInfos } from './list-page.ts';
import { toTemporalError } from './temporal-error.ts';

/** The events of a selection, as visibility knows them. */
export interface Survey {
  /** Their number by type, the most frequent first. */
  byType: readonly (readonly [type: string, count: number])[];
  events: number;
  /** False where there are more runs than were looked at. */
  complete: boolean;
}

/** Runs that are looked at before a replay begins: the visibility of a large namespace is no place to count at length. */
const surveyed = 20_000;
const pageSize = 1_000;

/** The list filter of the closed runs of a selection; without those that ended as `ignored`, which hand nothing on. */
export function selectionFilter({ source, types, from, to, endedBefore }: EventSelection): string {
  const { source: ofSource, outcome } = searchAttributes;
  return [
    "WorkflowType = 'processEvent'",
    "ExecutionStatus != 'Running'",
    `${ofSource.name} = ${quote(source)}`,
    ...(types.length === 0 ? [] : [`(${types.map(typeFilter).join(' OR ')})`]),
    ...(from === null ? [] : [`StartTime >= ${quote(from)}`]),
    ...(to === null ? [] : [`StartTime < ${quote(to)}`]),
    ...(endedBefore === undefined ? [] : [`CloseTime < ${quote(endedBefore)}`]),
    `(${outcome.name} IS NULL OR ${outcome.name} != 'ignored')`,
  ].join(' AND ');
}

/**
 * Counts the events of a selection. Visibility is eventually consistent: what ended a moment ago may be missing.
 * @throws TemporalUnavailableError | TemporalRefusedError
 */
export async function surveyEvents(client: Client, selection: EventSelection): Promise<Survey> {
  const typeOf = new Map<string, string>();
  let runs = 0;
  try {
    for await (const run of listInfos(client, selectionFilter(selection), { pageSize })) {
      runs += 1;
      if (runs > surveyed) break;
      typeOf.set(run.workflowId, run.typedSearchAttributes.get(searchAttributes.eventType) ?? '');
    }
  } catch (error) {
    throw toTemporalError(error, 'list the processed events');
  }
  const counts = new Map<string, number>();
  for (const type of typeOf.values()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return {
    byType: [...counts].sort(([, a], [, b]) => b - a),
    events: typeOf.size,
    complete: runs <= surveyed,
  };
}
