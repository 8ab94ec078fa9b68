import type { AuditEntry } from '../model/audit.ts';
import type { DeadLetterRef, DeadLetterState, DeadLetterSubject, FailureReport } from '../model/dead-letter.ts';
import { deadLetterWorkflowId } from '../model/ids.ts';
import type { RunRef } from '../model/replay-events.ts';
import type { EventMark, StoredRecord } from '../store/store.ts';
import { createDeadLetters } from '../temporal/dead-letters.ts';
import { readRun, type RunStory } from '../temporal/read-run.ts';
import { asking, type InspectionDependencies } from './dependencies.ts';

/** One dead letter, open or closed, with all that is known of it. */
export interface DeadLetterStory extends DeadLetterRef {
  state: DeadLetterState;
  subject: DeadLetterSubject;
  /** What the store says of the event; null where it has never heard of it. */
  mark: EventMark | null;
  delivered: { destination: string; idempotencyKey: string; deliveredAt: string }[];
  /** Our copy of the record; null where there is none, or the event names none. */
  record: StoredRecord | null;
  /** The runs that failed, the newest first, each with what it did; null where Temporal has its history no more. */
  runs: (RunRef & { story: RunStory | null })[];
  /** Who decided what about it, the newest first. */
  decisions: AuditEntry[];
}

/** Histories that are read: the earlier ones are a link away. */
const mostRuns = 3;
const mostDecisions = 50;

/**
 * The whole story of a dead letter.
 * @throws UnknownDeadLetterError, TemporalUnavailableError also where no worker answers, StoreUnavailableError
 */
export async function tellDeadLetter(
  deps: InspectionDependencies,
  { source, eventId }: DeadLetterRef,
): Promise<DeadLetterStory> {
  const { store } = deps;
  const { state, subject } = await asking(deps, () => createDeadLetters(deps.client).show({ source, eventId }));
  const entity = subject.kind === 'event' ? subject.event.entity : null;
  const [marks, delivered, record, decisions, runs] = await Promise.all([
    store.findEvents([{ source, eventId }]),
    store.listDeliveries(source, eventId),
    entity === null ? null : store.findRecord(source, entity),
    store.listAudit({ target: deadLetterWorkflowId(source, eventId) }, mostDecisions),
    asking(deps, () =>
      Promise.all(
        runsOf(state.errors).map(async (run) => ({ ...run, story: await readRun(deps.client, run) })),
      ),
    ),
  ]);
  return { source, eventId, state, subject, mark: marks[0] ?? null, delivered, record, runs, decisions };
}

function runsOf(errors: readonly FailureReport[]): RunRef[] {
  const runs = errors.flatMap(({ workflowId, runId }): RunRef[] =>
    workflowId === null || runId === null ? [] : [{ workflowId, runId }],
  );
  return runs.slice(-mostRuns).reverse();
}
