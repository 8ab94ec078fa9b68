import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type HoldInput,
  type HoldKey,
  type HoldReport,
  type HoldState,
  holdWorkflowId,
  nextPause,
  type ProbeAnswer,
  releasing,
} from '../src/model/hold.ts';
import { searchAttributes } from '../src/model/search-attributes.ts';
import { own } from './activity-options.ts';
import { originOf, readDecision } from './dead-letter-case.ts';
import { renderHold } from './hold-details.ts';
import {
  failingSignal,
  giveUpSignal,
  holdStateQuery,
  letGoSignal,
  probedSignal,
  releaseSignal,
} from './messages.ts';
import { type Noted, noteDecision } from './note-decision.ts';

/** Longer than one attempt can take on a worker that is busy. */
const probeAnswersWithin = '3 minutes';
/** After so long without anything that waits there is nothing left to hold. Those that have just begun to wait are found a little late. */
const idleMilliseconds = 300_000;

/** What came by signal and is not obeyed yet. */
interface Mail {
  ending: HoldState['ending'];
  failing: boolean;
  answer: ProbeAnswer | null;
}

/**
 * One hold: the same failure hits many records of a source. Its id is `hold:<source>:<step>:<code>`. All running `hold`
 * workflows together are the sources that are held.
 *
 * Tries with one of the events that wait, after growing pauses, until one gets through; then replays the dead letters of the
 * outage's first minutes, lets all events go, no more a second than is set, and ends. Knows none of those that wait: they are
 * found by their search attributes, so that its history stays short however many they are.
 */
export async function hold(input: HoldInput): Promise<HoldReport> {
  const { source, step, error, settings } = input;
  const key: HoldKey = { source, step, error };
  const state = input.resume ?? begin(input, Date.now());
  const mail: Mail = { ending: null, failing: false, answer: null };
  const show = () => {
    setCurrentDetails(renderHold(input, state));
  };
  const end = (name: string, how: HoldReport['ended'], value: unknown) => {
    const decision = readDecision(value);
    if (typeof decision === 'string') log.warn('refused a signal', { name, why: decision });
    else mail.ending = { how, ...decision, via: originOf(value) };
  };
  setHandler(holdStateQuery, () => state, { description: 'Since when, why, how many wait.' });
  setHandler(
    releaseSignal,
    (value) => {
      end('release', 'by-hand', value);
    },
    { description: '{"by": "…", "reason": "…"}: let the events try again now.' },
  );
  setHandler(
    giveUpSignal,
    (value) => {
      end('give-up', 'given-up', value);
    },
    { description: '{"by": "…", "reason": "…"}: make a dead letter of each event that waits.' },
  );
  setHandler(
    failingSignal,
    ({ message }) => {
      state.message = message;
      mail.failing = true;
    },
    { description: 'Sent by Landfall: more records fail alike.' },
  );
  setHandler(
    probedSignal,
    (answer) => {
      mail.answer = answer;
    },
    { description: 'Sent by Landfall: what came of a probe.' },
  );

  if (input.resume === undefined) await own('say that it is held').announceHold(input);
  for (;;) {
    show();
    if (state.status === 'holding') {
      mail.failing = false;
      const due = await condition(() => mail.ending !== null, state.pauseMilliseconds);
      const ending = due ? mail.ending : await probe(key, state, mail);
      mail.ending = null;
      if (ending === null) state.pauseMilliseconds = nextPause(state.pauseMilliseconds, settings);
      else await beginEnding(key, state, ending);
    } else if (mail.ending?.how === 'given-up' && state.status === 'releasing') {
      await beginEnding(key, state, mail.ending);
    } else if (mail.failing && state.status === 'releasing') {
      holdAgain(state, settings.firstProbeMilliseconds);
    } else if (await letGo(key, state, settings.releasesPerSecond)) {
      if (!mail.failing) return await finish(key, state);
      holdAgain(state, settings.firstProbeMilliseconds);
    }
    // It is over already: another decision changes nothing.
    if (state.status !== 'holding') mail.ending = null;
    const { ending, failing } = mail;
    if (workflowInfo().continueAsNewSuggested && ending === null && !failing) {
      await continueAsNew<typeof hold>({ ...input, resume: state });
    }
  }
}

function begin({ message, settings }: HoldInput, now: number): HoldState {
  return {
    status: 'holding',
    since: new Date(now).toISOString(),
    probes: 0,
    waiting: null,
    idleSince: null,
    released: 0,
    replayed: 0,
    pauseMilliseconds: settings.firstProbeMilliseconds,
    message,
    lastProbeAt: null,
    ending: null,
    cursor: null,
  };
}

/** Lets one of those that wait try. How the hold ends, where that is known now. */
async function probe(key: HoldKey, state: HoldState, mail: Mail): Promise<HoldState['ending']> {
  const { workflowId, waiting } = await own('find one to try with').pickHeld({ ...key, since: state.since });
  state.waiting = waiting;
  state.lastProbeAt = new Date().toISOString();
  const decided = endingOf(mail);
  if (decided !== null) return decided;
  if (workflowId === null) {
    state.idleSince ??= state.lastProbeAt;
    return Date.parse(state.lastProbeAt) - Date.parse(state.idleSince) < idleMilliseconds
      ? null
      : { how: 'nothing-waits', by: 'landfall', reason: 'no event waits any more' };
  }
  state.idleSince = null;
  state.probes += 1;
  mail.answer = null;
  try {
    await getExternalWorkflowHandle(workflowId).signal(letGoSignal, { kind: 'probe', proven: false });
  } catch (error) {
    if (isCancellation(error)) throw error;
    // It has ended meanwhile.
    return null;
  }
  await condition(
    () => answerOf(mail)?.workflowId === workflowId || endingOf(mail) !== null,
    probeAnswersWithin,
  );
  const [answer, ending] = [answerOf(mail), endingOf(mail)];
  if (ending !== null) return ending;
  if (answer?.workflowId !== workflowId) return null;
  if (answer.passed) return { how: 'probe', by: 'landfall', reason: `${workflowId} got through` };
  state.message = answer.message;
  return null;
}

/** What has come while somebody waited: the compiler takes what was read before for unchanged. */
const endingOf = (mail: Mail): Mail['ending'] => mail.ending;
const answerOf = (mail: Mail): Mail['answer'] => mail.answer;

/** Dead letters first: while they are replayed, what fails still waits. From then on it is judged anew. */
async function beginEnding(
  key: HoldKey,
  state: HoldState,
  ending: NonNullable<HoldState['ending']>,
): Promise<void> {
  const { how, by, reason } = ending;
  const back = how === 'probe' || how === 'by-hand';
  const replay = back ? { by, reason: `the outage has ended: ${reason}` } : null;
  const end = await noteEnding(key, ending);
  state.replayed += await own('replay what failed before it began').settleFailures({ ...key, replay });
  state.ending = ending;
  state.status = how === 'given-up' ? 'giving-up' : 'releasing';
  state.cursor = null;
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: releasing }]);
  await end({
    outcome: 'done',
    text: how === 'given-up' ? 'its events become dead letters' : 'its events try again',
  });
}

/** What somebody decided is in the audit log before it is carried out; a probe decides nothing. */
async function noteEnding(
  key: HoldKey,
  { how, by, reason, via = 'temporal' }: NonNullable<HoldState['ending']>,
): Promise<Noted['end']> {
  if (how !== 'by-hand' && how !== 'given-up') return () => Promise.resolve();
  const action = how === 'by-hand' ? 'hold.release' : 'hold.give-up';
  const { source } = key;
  return (await noteDecision({ by, reason, via, action, source, target: holdWorkflowId(key) })).end;
}

function holdAgain(state: HoldState, pauseMilliseconds: number): void {
  state.status = 'holding';
  state.ending = null;
  state.idleSince = null;
  state.pauseMilliseconds = pauseMilliseconds;
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: null }]);
}

/** True when the last of those that wait has been told. */
async function letGo(key: HoldKey, state: HoldState, perSecond: number): Promise<boolean> {
  const kind = state.status === 'giving-up' ? 'give-up' : 'release';
  const release = { kind, proven: state.ending?.how === 'probe' } as const;
  const { told, nextCursor } = await own('let the next ones go').letGo({
    ...key,
    release,
    cursor: state.cursor,
    perSecond,
  });
  state.released += told;
  state.cursor = nextCursor;
  return nextCursor === null;
}

async function finish(key: HoldKey, state: HoldState): Promise<HoldReport> {
  const { since, probes, released, replayed, ending } = state;
  const until = Date.now();
  const report: HoldReport = {
    ...key,
    since,
    until: new Date(until).toISOString(),
    heldForMilliseconds: until - Date.parse(since),
    probes,
    released,
    replayed,
    ended: ending?.how ?? 'probe',
    by: ending?.by ?? 'landfall',
    reason: ending?.reason ?? '',
  };
  await own('say how it ended').reportHold(report);
  // Last of all: until it is closed, nothing but `releasing` says that it holds no longer.
  upsertSearchAttributes([{ key: searchAttributes.outcome, value: report.ended }]);
  return report;
}
