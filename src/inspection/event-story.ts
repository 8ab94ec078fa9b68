import type { LandfallEvent } from '../model/event.ts';
import { deadLetterWorkflowId, eventWorkflowId } from '../model/ids.ts';
import type { ConflictingDelivery, EventKey, EventMark } from '../store/store.ts';
import { quote } from '../temporal/list-filter.ts';
import { listRuns, type RunRow } from '../temporal/list-runs.ts';
import { readRun, type RunStep } from '../temporal/read-run.ts';
import { type Attempt, attempt } from './attempt.ts';
import { asking, type InspectionDependencies } from './dependencies.ts';
import { withStoredBodies, withStoredBody } from './stored-bodies.ts';
import { visibleBody, visibleEvent } from './visible-parts.ts';

/** One event, with all that is known of it. */
export interface EventStory extends EventKey {
  /** What the store says of it; null where it has never heard of it. */
  mark: EventMark | null;
  /** Since when it waits in the inbox, ISO 8601; null where it does not. */
  inInboxSince: string | null;
  delivered: { destination: string; idempotencyKey: string; deliveredAt: string }[];
  /** Deliveries under its id with another body. */
  conflicts: ConflictingDelivery[];
  temporal: Attempt<EventRunsStory>;
}

/** What Temporal knows of an event, for as long as it keeps closed runs. */
export interface EventRunsStory {
  /** Its runs, the newest first. */
  runs: RunRow[];
  /** Its dead letters, the newest first. */
  deadLetters: RunRow[];
  /** As the newest run was begun with it. */
  event: LandfallEvent | null;
  /** Why its body is not in it; null where it is. */
  bodyMissing: string | null;
  /** What the newest run did. */
  steps: RunStep[];
}

const mostRuns = 50;

/** The whole story of an event. @throws StoreUnavailableError */
export async function tellEvent(deps: InspectionDependencies, key: EventKey): Promise<EventStory> {
  const { store, visible } = deps;
  const { source, eventId } = key;
  const [marks, waiting, delivered, conflicts, temporal] = await Promise.all([
    store.findEvents([key]),
    store.findInInbox([key]),
    store.listDeliveries(source, eventId),
    store.listConflictsOf(source, eventId),
    attempt(asking(deps, () => askTemporal(deps, key))),
  ]);
  const whole = await withStoredBodies(store, conflicts);
  const inInboxSince = waiting[0]?.acceptedAt ?? null;
  return {
    source,
    eventId,
    mark: marks[0] ?? null,
    inInboxSince,
    delivered,
    conflicts: whole.map((each) => ({ ...each, ...visibleBody(visible, source, each) })),
    temporal,
  };
}

async function askTemporal(
  { client, store, visible }: InspectionDependencies,
  { source, eventId }: EventKey,
): Promise<EventRunsStory> {
  const ids = [eventWorkflowId(source, eventId), deadLetterWorkflowId(source, eventId)];
  const query = `WorkflowId IN (${ids.map(quote).join(', ')})`;
  const { rows } = await listRuns(client, query, { cursor: null, size: mostRuns });
  const runs = rows.filter(({ type }) => type === 'processEvent');
  const [newest] = runs;
  const story = newest === undefined ? null : await readRun(client, newest);
  const kept = story?.event ?? null;
  const whole = kept === null ? null : await withStoredBody(store, { kind: 'event', event: kept });
  return {
    runs,
    deadLetters: rows.filter(({ type }) => type === 'deadLetter'),
    event: whole === null ? null : visibleEvent(visible, whole.subject.event),
    bodyMissing: whole?.missing ?? null,
    steps: story?.steps ?? [],
  };
}
