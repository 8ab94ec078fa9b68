import type { AuditEntry } from '../model/audit.ts';
import type {
  DeadLetterRef,
  DeadLetterState,
  DeadLetterSubject,
  FailureReport,
} from '../model/dead-letter.ts';
import { deadLetterWorkflowId } from '../model/ids.ts';
import type { RunRef } from '../model/replay-events.ts';
import type { EventMark } from '../store/store.ts';
import { createDeadLetters } from '../temporal/dead-letters.ts';
import { readRun, type RunStep } from '../temporal/read-run.ts';
import { compareRecord, type RecordComparison } from './compare-records.ts';
import { asking, type InspectionDependencies } from './dependencies.ts';
import { withStoredBody } from './stored-bodies.ts';
import { visibleSubject } from './visible-parts.ts';

/** One dead letter, open or closed, with all that is known of it. */
export interface DeadLetterStory extends DeadLetterRef {
  state: DeadLetterState;
  subject: DeadLetterSubject;
  /** Why its body is not in it; null where it is. */
  bodyMissing: string | null;
  /** What the store says of the event; null where it has never heard of it. */
  mark: EventMark | null;
  delivered: { destination: string; idempotencyKey: string; deliveredAt: string }[];
  /** The record that it is about; null where the event names none. */
  record: RecordComparison | null;
  /** The runs that failed, the newest first, each with what it did; null where Temporal has its history no more. */
  runs: (RunRef & { steps: RunStep[] | null })[];
  /** Who decided what about it, the newest first. */
  decisions: AuditEntry[];
}

/** Histories that are read: the earlier ones are a link away. */
const mostRuns = 3;
const mostDecisions = 50;

/**
 * The whole story of a dead letter.
 *
 * @param options.askVendor - whether the vendor is asked for the record as well
 * @throws UnknownDeadLetterError, TemporalUnavailableError also where no worker answers, StoreUnavailableError
 */
export async function tellDeadLetter(
  deps: InspectionDependencies & { now: () => number },
  { source, eventId }: DeadLetterRef,
  { askVendor = false }: { askVendor?: boolean } = {},
): Promise<DeadLetterStory> {
  const { store, visible } = deps;
  const { state, subject: kept } = await asking(deps, () =>
    createDeadLetters(deps.client).show({ source, eventId }),
  );
  const { subject, missing: bodyMissing } = await withStoredBody(store, kept);
  const entity = subject.kind === 'event' ? subject.event.entity : null;
  const [marks, delivered, record, decisions, runs] = await Promise.all([
    store.findEvents([{ source, eventId }]),
    store.listDeliveries(source, eventId),
    entity === null ? null : compareRecord(deps, { source, entity }, { askVendor }),
    store.listAudit({ target: deadLetterWorkflowId(source, eventId) }, mostDecisions),
    asking(deps, () => Promise.all(runsOf(state.errors).map((run) => readSteps(deps, run)))),
  ]);
  return {
    source,
    eventId,
    state,
    subject: visibleSubject(visible, source, subject),
    bodyMissing,
    mark: marks[0] ?? null,
    delivered,
    record,
    runs,
    decisions,
  };
}

async function readSteps(
  { client }: InspectionDependencies,
  run: RunRef,
): Promise<RunRef & { steps: RunStep[] | null }> {
  const story = await readRun(client, run);
  return { ...run, steps: story?.steps ?? null };
}

function runsOf(errors: readonly FailureReport[]): RunRef[] {
  const runs = errors.flatMap(({ workflowId, runId }): RunRef[] =>
    workflowId === null || runId === null ? [] : [{ workflowId, runId }],
  );
  return runs.slice(-mostRuns).reverse();
}
