import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { describeEntity } from '../src/model/event.ts';
import { eventWorkflowId } from '../src/model/ids.ts';
import { inline } from './inline.ts';
import { type EntityTurnsInput, nextTurn, type Ticket } from '../src/model/turns.ts';
import { describeVersion, newerVersion } from '../src/model/version.ts';
import { own } from './activity-options.ts';
import { doneSignal, turnSignal, waitSignal } from './messages.ts';

/** With nothing waiting for so long it ends; the next event starts it anew. */
const idleMilliseconds = 10_000;
/** An event that has had its turn for so long is asked after: its run may have been terminated by hand. */
const lookAfterMilliseconds = 60_000;
/** Keeps its history small, and what it continues with. Those that are left out ask again. */
const turnsPerRun = 200;
const ticketsKept = 5_000;

/**
 * Lets the events of one record be processed one at a time, in the source's order: `entity:<source>:<type>/<id>`. Each event's run
 * waits here (signal `wait`), is told that it is its turn (signal `turn`), and says when it is done (signal `done`), however it ended.
 *
 * @returns how many had their turn
 */
export async function entityTurns(input: EntityTurnsInput): Promise<{ granted: number }> {
  const { source, ordering, resume } = input;
  const waiting: Ticket[] = resume?.waiting ?? [];
  let last = resume?.last ?? input.known;
  let granted = resume?.granted ?? 0;
  const done = new Set<string>();
  let changes = 0;
  setHandler(waitSignal, (ticket) => {
    changes += 1;
    // It asks again where it has waited long.
    if (!waiting.some(({ runId, eventId }) => runId === ticket.runId && eventId === ticket.eventId)) {
      waiting.push(ticket);
    }
  });
  setHandler(doneSignal, ({ runId }) => {
    done.add(runId);
    const index = waiting.findIndex((ticket) => ticket.runId === runId);
    if (index !== -1) waiting.splice(index, 1);
    changes += 1;
  });

  for (let turns = 0; ;) {
    if (turns >= turnsPerRun || workflowInfo().continueAsNewSuggested) {
      await continueAsNew<typeof entityTurns>({
        ...input,
        resume: { waiting: waiting.slice(0, ticketsKept), last, granted },
      });
    }
    const next = nextTurn(waiting, last, ordering, Date.now());
    if (next.kind === 'turn') {
      const { ticket } = next;
      waiting.splice(waiting.indexOf(ticket), 1);
      show(input, waiting, `it is the turn of \`${inline(ticket.eventId)}\``);
      if (await give(source, ticket, done)) granted += 1;
      done.delete(ticket.runId);
      last = last === null ? ticket.announced : newerVersion(ticket.announced, last);
      turns += 1;
      continue;
    }
    show(input, waiting, next.kind === 'wait' ? 'an event before them is missing' : 'none is due');
    const before = changes;
    const changed = await condition(
      () => changes !== before,
      next.kind === 'wait' ? next.milliseconds : idleMilliseconds,
    );
    if (!changed && next.kind === 'none') return { granted };
  }
}

/** Gives an event its turn and waits until it is done; false where its run has ended meanwhile. */
async function give(source: string, { eventId, runId }: Ticket, done: ReadonlySet<string>): Promise<boolean> {
  const workflowId = eventWorkflowId(source, eventId);
  try {
    await getExternalWorkflowHandle(workflowId, runId).signal(turnSignal);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return false;
  }
  while (!(await condition(() => done.has(runId), lookAfterMilliseconds))) {
    const { status } = await own(`look whether ${workflowId} still runs`).describeRun({ workflowId, runId });
    if (status !== 'RUNNING') return true;
  }
  return true;
}

function show({ source, entity }: EntityTurnsInput, waiting: readonly Ticket[], what: string): void {
  setCurrentDetails(
    [
      `**${source}**, ${inline(describeEntity(entity))}: ${waiting.length} events wait; ${what}`,
      ...waiting
        .slice(0, 20)
        .map(({ eventId, announced }) => `- \`${inline(eventId)}\` ${describeVersion(announced)}`),
    ].join('\n\n'),
  );
}
