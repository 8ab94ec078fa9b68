import {
  condition,
  continueAsNew,
  isCancellation,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
  uuid4,
  WorkflowIdReusePolicy,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  type DeadLetterInput,
  type DeadLetterResult,
  type DeadLetterState,
  type Decision,
  storedOf,
} from '../src/model/dead-letter.ts';
import type { LandfallEvent } from '../src/model/event.ts';
import { eventWorkflowId } from '../src/model/ids.ts';
import { eventStartOptions, type ProcessEventInput, workflowVersion } from '../src/model/process-event.ts';
import { searchAttributes } from '../src/model/search-attributes.ts';
import { own } from './activity-options.ts';
import {
  addFailure,
  keepsKeys,
  openCase,
  readDecision,
  readInvestigation,
  record,
} from './dead-letter-case.ts';
import { renderDetails } from './dead-letter-details.ts';
import { describeFailure } from './describe-failure.ts';
import {
  discardSignal,
  failureSignal,
  investigateSignal,
  replaySignal,
  resolvedSignal,
  stateQuery,
  subjectQuery,
} from './messages.ts';
import { noteCommand } from './note-command.ts';
import type { processEvent } from './process-event.ts';

type Command =
  | { kind: 'replay' | 'discard' | 'investigate'; value: unknown }
  | { kind: 'resolved'; value: { outcome: string; runId: string } };

/**
 * One dead letter: an event that failed for good, or a delivery that could not be read, kept until somebody decides.
 * Its id is `dead-letter:<source>:<eventId>`. All running `deadLetter` workflows together are the queue of dead letters.
 *
 * Waits for the signals `replay`, `discard` and `investigate`, reminds and escalates on durable timers, and closes by itself
 * when another run (a reset one) has processed the event. Its history is the audit record.
 */
export async function deadLetter(input: DeadLetterInput): Promise<DeadLetterResult> {
  const state = input.resume ?? openCase(input, Date.now());
  const commands: Command[] = [];
  const show = () => {
    setCurrentDetails(renderDetails(input, state, workflowInfo().namespace));
  };

  setHandler(stateQuery, () => state, {
    description: 'The whole case: status, errors and the record of what was done.',
  });
  setHandler(subjectQuery, () => input.subject, {
    description: 'The event that failed, or the delivery that could not be read: headers and body.',
  });
  setHandler(
    failureSignal,
    (failure) => {
      if (input.subject.kind === 'unreadable' && state.errors.length > 0) {
        state.seen += 1;
        record(state, Date.now(), 'seen-again', 'the same bytes were delivered again');
      } else {
        addFailure(state, Date.now(), failure);
      }
      show();
    },
    { description: 'Sent by Landfall: the event failed (again).' },
  );
  setHandler(replaySignal, (value) => void commands.push({ kind: 'replay', value }), {
    description: '{"by": "…", "reason": "…"}: process the event again with what the vendor has today.',
  });
  setHandler(discardSignal, (value) => void commands.push({ kind: 'discard', value }), {
    description: '{"by": "…", "reason": "…"}: close the dead letter without processing the event.',
  });
  setHandler(investigateSignal, (value) => void commands.push({ kind: 'investigate', value }), {
    description: '{"by": "…", "owner": "…", "note": "…"}: mark that somebody looks into it.',
  });
  setHandler(resolvedSignal, (value) => void commands.push({ kind: 'resolved', value }), {
    description: 'Sent by Landfall: another run has processed the event.',
  });

  for (;;) {
    show();
    const due = nextDue(input, state);
    await condition(
      () => commands.length > 0 || workflowInfo().continueAsNewSuggested,
      Math.max(due - Date.now(), 1),
    );
    const command = commands.shift();
    if (command === undefined) {
      if (Date.now() >= due) await speakUp(input, state);
      if (workflowInfo().continueAsNewSuggested) {
        await continueAsNew<typeof deadLetter>({ ...input, resume: state });
      }
      continue;
    }
    const noted = await noteCommand(command, input);
    const result = await obey(command, input, state, show);
    if (result !== null) await close(input, state, result);
    await noted.end(state);
    if (result !== null) {
      show();
      return result;
    }
  }
}

/** Carries one signal out; the result where it closes the case. */
async function obey(
  command: Command,
  input: DeadLetterInput,
  state: DeadLetterState,
  show: () => void,
): Promise<DeadLetterResult | null> {
  if (command.kind === 'resolved') {
    const { outcome, runId } = command.value;
    return {
      resolution: 'resolved-elsewhere',
      by: `run ${runId}`,
      reason: `the event was processed: ${outcome}`,
    };
  }
  if (command.kind === 'investigate') {
    const wanted = readInvestigation(command.value);
    if (typeof wanted === 'string') return refuse(state, command.kind, wanted);
    state.status = 'investigating';
    state.owner = wanted.owner;
    record(state, Date.now(), 'investigate', `${wanted.by} gives it to ${wanted.owner}: ${wanted.note}`);
    return null;
  }
  const decision = readDecision(command.value);
  if (typeof decision === 'string') return refuse(state, command.kind, decision);
  record(state, Date.now(), command.kind, `${decision.by}: ${decision.reason}`);
  if (command.kind === 'discard') return { resolution: 'discarded', ...decision };
  const before = state.status;
  state.status = 'replaying';
  state.replays += 1;
  show();
  const result = await replay(input, state, decision, { sameKeys: keepsKeys(command.value) });
  state.status = before;
  return result;
}

function refuse(state: DeadLetterState, name: string, why: string): null {
  record(state, Date.now(), 'refused', `the signal ${name} ${why}`);
  log.warn('refused a signal', { name, why });
  return null;
}

async function replay(
  input: DeadLetterInput,
  state: DeadLetterState,
  decision: Decision,
  { sameKeys }: { sameKeys: boolean },
): Promise<DeadLetterResult | null> {
  let event: LandfallEvent;
  try {
    event =
      input.subject.kind === 'event'
        ? input.subject.event
        : await own('read the delivery again').readDelivery({ source: input.source, subject: input.subject });
  } catch (error) {
    if (isCancellation(error)) throw error;
    addFailure(state, Date.now(), { ...describeFailure(error, 'readEvent'), workflowId: null, runId: null });
    return null;
  }
  const child: ProcessEventInput = {
    workflowVersion,
    event,
    retry: input.retry,
    replay: { nonce: sameKeys ? null : uuid4(), ...decision },
  };
  const workflowId = eventWorkflowId(event.source, event.id);
  try {
    const handle = await startChild<typeof processEvent>('processEvent', {
      workflowId,
      args: [child],
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...eventStartOptions(child),
    });
    try {
      const { outcome } = await handle.result();
      return { resolution: 'replayed', by: decision.by, reason: `${decision.reason} (${outcome})` };
    } catch (error) {
      if (isCancellation(error)) throw error;
      if (input.subject.kind === 'unreadable') {
        return {
          resolution: 'resolved-elsewhere',
          by: decision.by,
          reason: `it could be read now; ${workflowId} has its own dead letter`,
        };
      }
      addFailure(
        state,
        Date.now(),
        describeFailure(error, 'workflow', { run: { workflowId, runId: handle.firstExecutionRunId } }),
      );
      return null;
    }
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { status } = await own(`look at ${workflowId}`).describeRun({ workflowId });
    if (status === 'COMPLETED') {
      return {
        resolution: 'resolved-elsewhere',
        by: decision.by,
        reason: `${workflowId} had already completed`,
      };
    }
    record(
      state,
      Date.now(),
      'refused',
      `${workflowId} is ${status.toLowerCase()}: nothing was replayed; it closes this case itself where it succeeds`,
    );
    return null;
  }
}

/** When the case next speaks up, in milliseconds since the epoch. */
function nextDue(input: DeadLetterInput, state: DeadLetterState): number {
  const escalateAt = Date.parse(state.openedAt) + input.timers.escalateAfterMilliseconds;
  const remindAt = Date.parse(state.remindAt);
  return state.escalated ? remindAt : Math.min(remindAt, escalateAt);
}

async function speakUp(input: DeadLetterInput, state: DeadLetterState): Promise<void> {
  const now = Date.now();
  const openFor = now - Date.parse(state.openedAt);
  const escalates = !state.escalated && openFor >= input.timers.escalateAfterMilliseconds;
  state.escalated ||= escalates;
  state.remindAt = new Date(now + input.timers.remindAfterMilliseconds).toISOString();
  record(
    state,
    now,
    escalates ? 'escalated' : 'reminder',
    `open for ${Math.round(openFor / 60_000)} minutes`,
  );
  await own(escalates ? 'escalate' : 'remind').remindDeadLetter({
    source: input.source,
    eventId: input.eventId,
    openForMilliseconds: openFor,
    escalated: state.escalated,
    lastError: state.errors.at(-1)?.type ?? 'unknown',
    stored: storedOf(input.subject).map(({ sha256 }) => sha256),
  });
}

async function close(
  input: DeadLetterInput,
  state: DeadLetterState,
  result: DeadLetterResult,
): Promise<void> {
  state.status = result.resolution === 'discarded' ? 'discarded' : 'resolved';
  record(state, Date.now(), 'resolved', `${result.resolution} by ${result.by}: ${result.reason}`);
  await own('note that it is closed').closeDeadLetter({
    source: input.source,
    eventId: input.eventId,
    resolution: state.status,
  });
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: result.resolution }]);
}
