import { condition, getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import {
  defaultHold,
  type HoldInput,
  type HoldSettings,
  type HoldState,
  type ProbeAnswer,
} from '../src/model/hold.ts';
import { own } from './activity-options.ts';
import { letGoSignal } from './messages.ts';

/** Longer than one attempt can take on a worker that is busy. */
const probeAnswersWithin = '3 minutes';
/** After so long without anything that waits there is nothing left to hold. Those that have just begun to wait are found a little late. */
const idleMilliseconds = 300_000;

/** What came by signal and is not obeyed yet. */
export interface HoldMail {
  ending: HoldState['ending'];
  failing: boolean;
  answer: ProbeAnswer | null;
  /** The event that got through, however late it says so. */
  passed: string | null;
}

/** Lets one of those that wait try. How the hold ends, where that is known now. */
export async function probeHold(
  { source, step, error: code, settings }: HoldInput,
  state: HoldState,
  mail: HoldMail,
): Promise<HoldState['ending']> {
  const {
    workflowId,
    waiting,
    othersPass = false,
  } = await own('find one to try with').pickHeld({
    ...{ source, step, error: code },
    since: state.since,
    lookedAt: state.lastProbeAt ?? state.since,
  });
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
  if (answer.passed) return byProbe(workflowId);
  state.message = answer.message;
  return judgeOthers(state, othersPass, settings);
}

/** Where others get through while the probes fail, for long, it is no outage: each that still waits is a case. */
function judgeOthers(
  state: HoldState,
  othersPass: boolean,
  { othersPassMilliseconds = defaultHold.othersPassMilliseconds }: Partial<HoldSettings>,
): HoldState['ending'] {
  const at = state.lastProbeAt ?? state.since;
  state.othersPassSince = othersPass ? (state.othersPassSince ?? at) : null;
  if (state.othersPassSince === null) return null;
  const lasted = Date.parse(at) - Date.parse(state.othersPassSince);
  const reason = `others have got through since ${state.othersPassSince}, and these have not`;
  return lasted < othersPassMilliseconds ? null : { how: 'others-pass', by: 'landfall', reason };
}

const byProbe = (workflowId: string): NonNullable<HoldState['ending']> => ({
  how: 'probe',
  by: 'landfall',
  reason: `${workflowId} got through`,
});

/** What has come while somebody waited: the compiler takes what was read before for unchanged. */
export const endingOf = ({ ending, passed }: HoldMail): HoldState['ending'] =>
  ending ?? (passed === null ? null : byProbe(passed));
const answerOf = (mail: HoldMail): HoldMail['answer'] => mail.answer;
