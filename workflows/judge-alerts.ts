import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { AlertsView } from '../src/model/incidents.ts';
import {
  describeAlerts,
  readSilence,
  readUnsilence,
  type SilencedAlerts,
  type UnsilenceRequest,
} from '../src/model/silence-alert.ts';
import { own } from './activity-options.ts';
import { renderAlerts } from './alerts-details.ts';
import { originOf } from './dead-letter-case.ts';
import { alertsQuery, silenceAlertUpdate, unsilenceAlertUpdate } from './messages.ts';
import { noteDecision } from './note-decision.ts';

/** Until the next look, where none has ever been made. */
const refusedPauseMilliseconds = 60_000;
/** An update that our store has kept waiting for so long fails. */
const handlersWithin = '1 hour';

/**
 * Judges each minute whether something is wrong, for as long as alerts are on, and has people told of each incident once when it
 * begins and once when it ends. Its id is `alerts:<task queue>`; its details say what is wrong now.
 *
 * What is wrong, and who has been told, is kept in the store, not here: where Temporal is down the receivers go on with it. This
 * workflow is the clock, and the door for whoever silences an alert.
 */
export async function judgeAlerts({ view: before }: { view: AlertsView | null }): Promise<void> {
  let view = before;
  const show = (now: AlertsView | null) => {
    view = now;
    setCurrentDetails(renderAlerts(now, workflowInfo().workflowId));
  };
  setHandler(alertsQuery, () => view, { description: 'What is wrong now, what was, and what is silenced.' });
  setHandler(
    silenceAlertUpdate,
    async (value) => {
      const { forMilliseconds, ...silence } = orRefuse(readSilence(value));
      const until = new Date(Date.now() + forMilliseconds).toISOString();
      const { end } = await note('alert.silence', silence, value);
      const silences = await own('silence an alert').silenceAlert({ ...silence, until });
      await end({ outcome: 'done', text: `nobody is told until ${until}` });
      if (view !== null) show({ ...view, silences });
      return { until };
    },
    {
      validator: (value) => void orRefuse(readSilence(value)),
      description:
        '{"alert": "rejections:stripe", "forMilliseconds": 3600000, "by": "…", "reason": "…"}: tell nobody of it for a while.',
    },
  );
  setHandler(
    unsilenceAlertUpdate,
    async (value) => {
      const unsilence = orRefuse(readUnsilence(value));
      const { end } = await note('alert.unsilence', unsilence, value);
      const { found, silences } = await own('end a silence').unsilenceAlert(unsilence);
      await end({ outcome: 'done', text: found ? 'people are told again' : 'it was not silenced' });
      if (view !== null) show({ ...view, silences });
      return { found };
    },
    {
      validator: (value) => void orRefuse(readUnsilence(value)),
      description: '{"alert": "rejections:stripe", "by": "…", "reason": "…"}: tell people of it again.',
    },
  );
  for (;;) {
    const judged = await unlessRefused(own('is something wrong?').judgeAlerts());
    if (judged !== 'refused') show(judged);
    if (judged === null) break;
    if (judged !== 'refused' && judged.waiting > 0) {
      const waiting = await unlessRefused(own('tell people').sendAlerts());
      if (view !== null && waiting !== 'refused') show({ ...view, waiting });
    }
    const pause = view?.everyMilliseconds ?? refusedPauseMilliseconds;
    await sleep(pause, { summary: 'until the next look' });
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished, handlersWithin);
      await continueAsNew<typeof judgeAlerts>({ view });
    }
  }
  await condition(allHandlersFinished, handlersWithin);
}

/** In the audit log, as every decision of a person. */
function note(
  action: string,
  alert: SilencedAlerts & Pick<UnsilenceRequest, 'by' | 'reason'>,
  request: unknown,
): ReturnType<typeof noteDecision> {
  const { source, by, reason } = alert;
  return noteDecision({
    action,
    source,
    target: `alert:${describeAlerts(alert)}`,
    by,
    reason,
    via: originOf(request),
  });
}

/** One look that fails for good, as where the store refuses a value, must not be the end of all looks: the log has said why. */
async function unlessRefused<Result>(looking: Promise<Result>): Promise<Result | 'refused'> {
  try {
    return await looking;
  } catch (error) {
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    return 'refused';
  }
}

function orRefuse<Read extends object>(read: Read | string): Read {
  if (typeof read === 'string') throw ApplicationFailure.nonRetryable(`It ${read}.`, 'Refused');
  return read;
}
