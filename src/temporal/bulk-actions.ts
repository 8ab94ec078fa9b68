import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdReusePolicy,
  WorkflowNotFoundError,
} from '@temporalio/client';
import type { bulkAction } from '../../workflows/index.ts';
import { bulkStateQuery, cancelSignal, pauseSignal, resumeSignal } from '../../workflows/messages.ts';
import { TemporalRefusedError, UnknownBulkActionError } from '../errors.ts';
import {
  type BulkInput,
  type BulkKind,
  bulkKinds,
  bulkOutcome,
  type BulkState,
  describeFilter,
  findMistake,
  type LetterFilter,
} from '../model/bulk.ts';
import type { Decision } from '../model/dead-letter.ts';
import { clip, summaryLength } from '../model/process-event.ts';
import { keyword, searchAttributes } from '../model/search-attributes.ts';
import { takeTurns } from '../model/take-turns.ts';
import { openLetters } from './letter-filter.ts';
import { listInfos } from './list-page.ts';
import { toTemporalError } from './temporal-error.ts';

/** What a bulk action is begun with: what is left out is as in `bulkDefaults`. */
export interface BulkRequest extends Decision, Partial<typeof bulkDefaults> {
  kind: BulkKind;
  filter: LetterFilter;
  /** Who looks into them: always with `investigate`, never with the others. */
  owner?: string;
  /** The same name is never used twice. @default the time */
  name?: string;
  /** As in `BulkInput`. */
  pageSize?: number;
}

/** How careful a bulk action is where nothing is said. See `BulkInput`. */
export const bulkDefaults: Pick<BulkInput, 'atMost' | 'canary' | 'perMinute' | 'includeNew'> = {
  atMost: null,
  canary: 5,
  perMinute: 60,
  includeNew: false,
};

/** How many dead letters a filter finds, before anything is done with them. */
export interface LetterSurvey {
  letters: number;
  /** By source, code and type, the most frequent first. */
  groups: readonly { source: string; error: string; type: string; count: number }[];
  /** False where there are more than were looked at. */
  complete: boolean;
}

/** A bulk action, running or over, as visibility knows it. */
export interface BulkRow {
  id: string;
  kind: BulkKind | null;
  source: string | null;
  startedAt: Date;
  closedAt: Date | null;
  /** `finding`, `canary`, `rest`, `paused`, `done`, `failed` (some of its letters have), `cancelled`, or `terminated`. */
  status: string;
}

/** A bulk action, running or over, as it says itself. */
export interface BulkView extends BulkState {
  status: BulkRow['status'];
}

/** Decisions about many dead letters. Each of these throws TemporalUnavailableError | TemporalRefusedError. */
export interface BulkActions {
  /** A dry run: counts, and changes nothing. Visibility is eventually consistent. */
  survey(filter: LetterFilter): Promise<LetterSurvey>;
  /** Begins one. @throws TemporalRefusedError where the name was used before, or the request is wrong (`findMistake`) */
  begin(request: BulkRequest): Promise<{ id: string }>;
  /** The newest first. */
  list(limit: number): Promise<BulkRow[]>;
  /** A worker must be running to answer. @throws UnknownBulkActionError, as the rest of these */
  show(id: string): Promise<BulkView>;
  pause(id: string, decision: Decision): Promise<void>;
  /** Goes on where it was paused, or where its canary failed. */
  resume(id: string, decision: Decision): Promise<void>;
  /** Waits for the letters that were asked, and leaves the others as they are. */
  cancel(id: string, decision: Decision): Promise<void>;
}

/** Dead letters that are looked at for a survey: the visibility of a large namespace is no place to count at length. */
const surveyed = 20_000;
const pageSize = 1_000;

/** `bulk:<kind>:<name>`. */
export function bulkWorkflowId(kind: BulkKind, name: string): string {
  return `bulk:${kind}:${name}`;
}

/**
 * The bulk actions, over the client.
 *
 * @param taskQueue - of their workflows: `LANDFALL_TASK_QUEUE`
 */
export function createBulkActions(client: Client, taskQueue: string): BulkActions {
  return {
    async survey(filter) {
      const counts = new Map<string, { source: string; error: string; type: string; count: number }>();
      let letters = 0;
      try {
        for await (const { typedSearchAttributes } of listInfos(client, openLetters(filter), { pageSize })) {
          letters += 1;
          if (letters > surveyed) break;
          const source = typedSearchAttributes.get(searchAttributes.source) ?? '';
          const error = typedSearchAttributes.get(searchAttributes.error) ?? '';
          const type = typedSearchAttributes.get(searchAttributes.eventType) ?? '';
          const key = JSON.stringify([source, error, type]);
          const group = counts.get(key) ?? { source, error, type, count: 0 };
          group.count += 1;
          counts.set(key, group);
        }
      } catch (error) {
        throw toTemporalError(error, 'list the dead letters');
      }
      const groups = [...counts.values()].sort((a, b) => b.count - a.count);
      return { letters: Math.min(letters, surveyed), groups, complete: letters <= surveyed };
    },

    async begin({ name = new Date().toISOString(), ...request }) {
      const input: BulkInput = { ...bulkDefaults, ...request };
      const { kind, filter, by, reason } = input;
      const workflowId = bulkWorkflowId(kind, name);
      const mistake = findMistake(input);
      if (mistake !== null) throw new TemporalRefusedError(`That bulk action cannot be begun. ${mistake}`);
      const { type } = filter;
      try {
        await client.workflow.start<typeof bulkAction>('bulkAction', {
          workflowId,
          taskQueue,
          args: [input],
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
          ...takeTurns(filter.source ?? 'bulk'),
          staticSummary: clip(`${kind} ${describeFilter(filter)}, by ${by}`, summaryLength),
          staticDetails: `Begun by ${by}: ${reason}`,
          typedSearchAttributes: [
            ...(filter.source === undefined
              ? []
              : [{ key: searchAttributes.source, value: keyword(filter.source) }]),
            ...(filter.error === undefined
              ? []
              : [{ key: searchAttributes.error, value: keyword(filter.error) }]),
            ...(type === undefined || type.endsWith('*')
              ? []
              : [{ key: searchAttributes.eventType, value: keyword(type) }]),
          ],
        });
        return { id: workflowId };
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
          throw toTemporalError(error, `start the workflow ${workflowId}`);
        }
        throw new TemporalRefusedError(`There is a bulk action ${workflowId}: give it another name.`, {
          cause: error,
        });
      }
    },

    async list(limit) {
      const rows: BulkRow[] = [];
      try {
        for await (const info of client.workflow.list({ query: "WorkflowType = 'bulkAction'" })) {
          if (info.status.name !== 'CONTINUED_AS_NEW') rows.push(toRow(info));
          if (rows.length >= limit) break;
        }
      } catch (error) {
        throw toTemporalError(error, 'list the bulk actions');
      }
      return rows.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
    },

    show: (id) =>
      ask(id, async (handle) => {
        const [state, { status }] = await Promise.all([handle.query(bulkStateQuery), handle.describe()]);
        return { ...state, status: statusOf(status.name, bulkOutcome(state)) };
      }),
    pause: (id, decision) => ask(id, (handle) => handle.signal(pauseSignal, decision)),
    resume: (id, decision) => ask(id, (handle) => handle.signal(resumeSignal, decision)),
    cancel: (id, decision) => ask(id, (handle) => handle.signal(cancelSignal, decision)),
  };

  async function ask<Answer>(id: string, call: (handle: Handle) => Promise<Answer>): Promise<Answer> {
    // Signals have names that other workflows have as well.
    if (kindOf(id) === null) throw unknown(id);
    try {
      return await call(client.workflow.getHandle(id));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw unknown(id, error);
      throw toTemporalError(error, `answer for ${id}; is a worker running?`);
    }
  }
}

type Handle = ReturnType<Client['workflow']['getHandle']>;
type Info = Client['workflow']['list'] extends (...args: never[]) => AsyncIterable<infer Item> ? Item : never;

function unknown(id: string, cause?: unknown): UnknownBulkActionError {
  return new UnknownBulkActionError(
    `There is no bulk action ${id} that is under way: it was never begun, or it has ended. See "landfall bulk list".`,
    { cause },
  );
}

function kindOf(id: string): BulkKind | null {
  return bulkKinds.find((kind) => id.startsWith(bulkWorkflowId(kind, ''))) ?? null;
}

function toRow({ workflowId, startTime, closeTime, status, typedSearchAttributes: found }: Info): BulkRow {
  return {
    id: workflowId,
    kind: kindOf(workflowId),
    source: found.get(searchAttributes.source) ?? null,
    startedAt: startTime,
    closedAt: closeTime ?? null,
    status: statusOf(status.name, found.get(searchAttributes.outcome) ?? 'finding'),
  };
}

/** What it says of itself, unless it was ended from outside. */
function statusOf(ofRun: string, outcome: string): string {
  return ['RUNNING', 'COMPLETED'].includes(ofRun) ? outcome : ofRun.toLowerCase();
}
