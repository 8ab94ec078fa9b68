import { describeEntity, type EntityRef } from '../model/event.ts';
import { deadLetterWorkflowId, eventWorkflowId } from '../model/ids.ts';
import type { ProcessEventResult } from '../model/outcome.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import type { EventMark } from '../store/store.ts';
import { quote } from '../temporal/list-filter.ts';
import type { Page } from '../temporal/list-page.ts';
import { listRuns, type RunRow } from '../temporal/list-runs.ts';
import { readResult } from '../temporal/read-result.ts';
import { readRun, type RunStep } from '../temporal/read-run.ts';
import { type Attempt, attempt } from './attempt.ts';
import { compareRecord, type RecordComparison } from './compare-records.ts';
import { asking, type InspectionDependencies } from './dependencies.ts';

/**
 * What a run was: an event that came in, one that a reconciliation found missing, one that was processed again, or a dead letter.
 */
export type TimelineKind = 'receipt' | 'repair' | 'replay' | 'case';

/** One thing that happened to a record. */
export interface TimelineEntry {
  kind: TimelineKind;
  run: RunRow;
  eventId: string;
  /** What the store says of the event; null of a dead letter, and where it has never heard of it. */
  mark: EventMark | null;
  /** Of one that was dropped because our copy was newer: both versions. Of the newest ten. */
  stale: ProcessEventResult | null;
  /** What it did: the fetches, the write, the deliveries. Of the newest ten; null of the others, and of a dead letter. */
  steps: RunStep[] | null;
}

/** The story of one record. */
export interface EntityTimeline {
  source: string;
  entity: EntityRef;
  record: RecordComparison;
  /** The newest first, for as long as Temporal keeps closed runs. */
  temporal: Attempt<{ entries: TimelineEntry[]; nextCursor: string | null }>;
}

/** A result and a history are a call each. */
const mostRead = 10;

/**
 * The story of one record, page by page.
 *
 * @param options.askVendor - whether the vendor is asked for the record as well
 * @throws StoreUnavailableError
 */
export async function tellEntity(
  deps: InspectionDependencies & { now: () => number },
  { source, entity }: { source: string; entity: EntityRef },
  { askVendor = false, ...page }: Page & { askVendor?: boolean },
): Promise<EntityTimeline> {
  const [record, temporal] = await Promise.all([
    compareRecord(deps, { source, entity }, { askVendor }),
    attempt(asking(deps, () => findEntries(deps, source, entity, page))),
  ]);
  return { source, entity, record, temporal };
}

async function findEntries(
  { client, store }: InspectionDependencies,
  source: string,
  entity: EntityRef,
  page: Page,
): Promise<{ entries: TimelineEntry[]; nextCursor: string | null }> {
  const query = [
    "WorkflowType IN ('processEvent', 'deadLetter')",
    `${searchAttributes.source.name} = ${quote(source)}`,
    `${searchAttributes.entity.name} = ${quote(keyword(describeEntity(entity)))}`,
  ].join(' AND ');
  const { rows, nextCursor } = await listRuns(client, query, page);
  const known = rows.map((run) => ({ run, kind: kindOf(run), eventId: eventIdOf(run) }));
  const stale = rows.filter(({ outcome }) => outcome === 'stale').slice(0, mostRead);
  const told = rows.filter(({ type }) => type === 'processEvent').slice(0, mostRead);
  const [marks, results, stories] = await Promise.all([
    store.findEvents(known.map(({ eventId }) => ({ source, eventId }))),
    Promise.all(stale.map(async (run) => [run.runId, await readResult(client, run)] as const)),
    Promise.all(told.map(async (run) => [run.runId, await readRun(client, run)] as const)),
  ]);
  const markOf = new Map(marks.map((mark) => [mark.eventId, mark]));
  const resultOf = new Map(results);
  const storyOf = new Map(stories);
  const entries = known.map(({ run, kind, eventId }) => ({
    kind,
    run,
    eventId,
    mark: kind === 'case' ? null : (markOf.get(eventId) ?? null),
    stale: resultOf.get(run.runId) ?? null,
    steps: storyOf.get(run.runId)?.steps ?? null,
  }));
  return { entries, nextCursor };
}

function eventIdOf({ type, source, workflowId }: RunRow): string {
  const prefix = type === 'deadLetter' ? deadLetterWorkflowId(source, '') : eventWorkflowId(source, '');
  return workflowId.slice(prefix.length);
}

/** By whom it was begun: a dead letter, a reconciliation or a replay of many (which leaves a mark), or the receiver. */
export function kindOf({
  type,
  parent,
  memoNames,
}: Pick<RunRow, 'type' | 'parent' | 'memoNames'>): TimelineKind {
  if (type === 'deadLetter') return 'case';
  if (parent?.startsWith('dead-letter:') === true || memoNames.includes('replay')) return 'replay';
  return parent?.startsWith('reconcile:') === true ? 'repair' : 'receipt';
}
