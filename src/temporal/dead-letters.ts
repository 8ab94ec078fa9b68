import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type WorkflowExecutionInfo, WorkflowNotFoundError } from '@temporalio/client';
import {
  discardSignal,
  investigateSignal,
  replaySignal,
  stateQuery,
  subjectQuery,
} from '../../workflows/messages.ts';
import { UnknownDeadLetterError } from '../errors.ts';
import type { LetterFilter } from '../model/bulk.ts';
import type {
  DeadLetterEntry,
  DeadLetterRef,
  DeadLetterState,
  DeadLetterSubject,
  Decision,
  Investigation,
} from '../model/dead-letter.ts';
import { deadLetterWorkflowId } from '../model/ids.ts';
import { searchAttributes } from '../model/search-attributes.ts';
import { openLetters } from './letter-filter.ts';
import { listInfos } from './list-page.ts';
import { toTemporalError } from './temporal-error.ts';

/** One open dead letter, as visibility knows it. */
export interface DeadLetterRow {
  source: string;
  eventId: string;
  workflowId: string;
  eventType: string;
  entity: string;
  /** The code of its first error. */
  error: string;
  openedAt: Date;
}

/** Which open dead letters; all where nothing is said. */
export interface DeadLetterFilter extends LetterFilter {
  limit?: number;
}

/** What became of a signal. */
export interface Decided {
  /** What the case wrote into its audit record after the signal. */
  entries: DeadLetterEntry[];
  state: DeadLetterState;
  /** False where it has not answered in time: a replay may take as long as its retries. */
  answered: boolean;
}

/** The queue of dead letters: the running `deadLetter` workflows. */
export interface DeadLetters {
  /**
   * Open ones, the oldest first. Visibility is eventually consistent: one that was just opened may be missing for a second.
   * @throws TemporalUnavailableError | TemporalRefusedError, as all of these
   */
  list(filter: DeadLetterFilter): Promise<DeadLetterRow[]>;
  /** @throws UnknownDeadLetterError, as the rest of these; a worker must be running to answer */
  show(ref: DeadLetterRef): Promise<{ state: DeadLetterState; subject: DeadLetterSubject }>;
  replay(ref: DeadLetterRef, decision: Decision, waitMilliseconds: number): Promise<Decided>;
  discard(ref: DeadLetterRef, decision: Decision, waitMilliseconds: number): Promise<Decided>;
  investigate(ref: DeadLetterRef, investigation: Investigation, waitMilliseconds: number): Promise<Decided>;
}

const pollMilliseconds = 200;

/** The queue of dead letters, over the client. */
export function createDeadLetters(client: Client): DeadLetters {
  return {
    async list({ limit = 100, ...filter }) {
      const rows: DeadLetterRow[] = [];
      try {
        for await (const info of listInfos(client, openLetters(filter))) {
          rows.push(toRow(info));
          if (rows.length >= limit) break;
        }
      } catch (failure) {
        throw toTemporalError(failure, 'list the dead letters');
      }
      return rows.sort((a, b) => a.openedAt.getTime() - b.openedAt.getTime());
    },

    show: (ref) =>
      ask(ref, async (handle) => ({
        state: await handle.query(stateQuery),
        subject: await handle.query(subjectQuery),
      })),

    replay: (ref, decision, wait) =>
      decide(ref, wait, (handle) => handle.signal(replaySignal, decision), ['failed', 'refused', 'resolved']),
    discard: (ref, decision, wait) =>
      decide(ref, wait, (handle) => handle.signal(discardSignal, decision), ['refused', 'resolved']),
    investigate: (ref, investigation, wait) =>
      decide(ref, wait, (handle) => handle.signal(investigateSignal, investigation), [
        'investigate',
        'refused',
      ]),
  };

  /** Signals carry no answer: the case's audit record is watched until it has one. */
  async function decide(
    ref: DeadLetterRef,
    waitMilliseconds: number,
    signal: (handle: Handle) => Promise<void>,
    answers: readonly DeadLetterEntry['what'][],
  ): Promise<Decided> {
    return ask(ref, async (handle) => {
      const before = await handle.query(stateQuery);
      const known = new Set(before.audit.map((entry) => JSON.stringify(entry)));
      await signal(handle);
      const deadline = Date.now() + waitMilliseconds;
      for (;;) {
        const state = await handle.query(stateQuery);
        const entries = state.audit.filter((entry) => !known.has(JSON.stringify(entry)));
        const answered = entries.some((entry) => answers.includes(entry.what));
        if (answered || Date.now() >= deadline) return { entries, state, answered };
        await sleep(pollMilliseconds);
      }
    });
  }

  async function ask<Answer>(ref: DeadLetterRef, call: (handle: Handle) => Promise<Answer>): Promise<Answer> {
    const workflowId = deadLetterWorkflowId(ref.source, ref.eventId);
    try {
      return await call(client.workflow.getHandle(workflowId));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) {
        throw new UnknownDeadLetterError(
          `There is no open dead letter ${workflowId}: it was never opened, or it is closed. See "landfall dead-letters list".`,
          { cause: error },
        );
      }
      throw toTemporalError(error, `answer for ${workflowId}; is a worker running?`);
    }
  }
}

type Handle = ReturnType<Client['workflow']['getHandle']>;

function toRow({
  workflowId,
  startTime,
  typedSearchAttributes: found,
}: WorkflowExecutionInfo): DeadLetterRow {
  const source = found.get(searchAttributes.source) ?? '';
  return {
    source,
    eventId: workflowId.slice(deadLetterWorkflowId(source, '').length),
    workflowId,
    eventType: found.get(searchAttributes.eventType) ?? '',
    entity: found.get(searchAttributes.entity) ?? '',
    error: found.get(searchAttributes.error) ?? '',
    openedAt: startTime,
  };
}
