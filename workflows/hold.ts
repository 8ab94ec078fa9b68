import {
  condition,
  continueAsNew,
  log,
  patched,
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
  releasing,
} from '../src/model/hold.ts';
import { searchAttributes } from '../src/model/search-attributes.ts';
import { own } from './activity-options.ts';
import { originOf, readDecision } from './dead-letter-case.ts';
import { renderHold } from './hold-details.ts';
import { failingSignal, giveUpSignal, holdStateQuery, probedSignal, releaseSignal } from './messages.ts';
import { type Noted, noteDecision } from './note-decision.ts';
import { endingOf, type HoldMail, probeHold } from './probe-hold.ts';

/**
 * One hold: the same failure hits many records of a source. Its id is `hold:<source>:<step>:<code>`. All running `hold`
 * workflows together are the sources that are held.
 *
 * Tries with one of the events that wait, after growing pauses, until one gets through; then replays the dead letters of the
 * outage's first minutes, lets all events go, no more a second than is set, and ends. Where others get through for a day and no
 * probe does, it gives up. Knows none of those that wait: they are found by their search attributes, so that its history stays short
 * however many they are.
 */
export async function hold(input: HoldInput): Promise<HoldReport> {
  const { source, step, error, settings } = input;
  const key: HoldKey = { source, step, error };
  const state = input.resume ?? begin(input, Date.now());
  const mail: HoldMail = { ending: null, failing: false, answer: null, passed: null };
  // What comes late: the answer of a probe that had to wait for its turn, and a decision to give up while events are let go.
  const hearsLate = patched('hears-late') ? true : false;
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
      if (hearsLate && answer.passed) mail.passed = answer.workflowId;
    },
    { description: 'Sent by Landfall: what came of a probe.' },
  );

  if (input.resume === undefined) await own('say that it is held').announceHold(input);
  for (;;) {
    show();
    if (state.status === 'holding') {
      mail.failing = false;
      const told = await condition(() => endingOf(mail) !== null, state.pauseMilliseconds);
      const ending = told ? endingOf(mail) : await probeHold(input, state, mail);
      mail.ending = null;
      mail.passed = null;
      if (ending === null) state.pauseMilliseconds = nextPause(state.pauseMilliseconds, settings);
      else await beginEnding(key, state, ending);
    } else if (mail.ending?.how === 'given-up' && state.status === 'releasing') {
      await beginEnding(key, state, mail.ending);
    } else if (mail.failing && state.status === 'releasing') {
      holdAgain(state, mail, settings.firstProbeMilliseconds);
    } else if (await letGo(key, state, settings.releasesPerSecond)) {
      if (!mail.failing) return await finish(key, state);
      holdAgain(state, mail, settings.firstProbeMilliseconds);
    }
    // It is over already: nothing but giving up changes anything.
    const changes = hearsLate && state.status === 'releasing' && mail.ending?.how === 'given-up';
    if (state.status !== 'holding' && !changes) mail.ending = null;
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
  state.status = how === 'given-up' || how === 'others-pass' ? 'giving-up' : 'releasing';
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

function holdAgain(state: HoldState, mail: HoldMail, pauseMilliseconds: number): void {
  // Of before.
  mail.passed = null;
  state.status = 'holding';
  state.ending = null;
  state.idleSince = null;
  state.othersPassSince = null;
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
