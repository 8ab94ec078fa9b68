import {
  alertId,
  type AlertKey,
  describeTime,
  type Finding,
  type Judgement,
  type Severity,
  severityOf,
} from './alerts.ts';
import { describeDuration } from './silence.ts';

/** Something that is wrong, from its beginning to its end. Times are ISO 8601. */
export interface Incident extends AlertKey, Finding {
  id: string;
  beganAt: string;
  /** Since when all is well again, though not yet for long enough; null: it is not. */
  clearSince: string | null;
  /** Whether people were told of it: those who were are told of its end as well. */
  told: boolean;
}

/** An incident that is over. */
export interface EndedIncident extends Incident {
  endedAt: string;
}

/** That nobody is to be told when an incident begins, until some time; decided by somebody. */
export interface AlertSilence {
  /** `any`: of every kind. */
  kind: AlertKey['kind'] | 'any';
  /** null: of every source, and of none. */
  source: string | null;
  /** ISO 8601. */
  until: string;
  by: string;
  reason: string;
}

/** What the workflow that judges alerts shows of them. Times are ISO 8601. */
export interface AlertsView {
  judgedAt: string;
  everyMilliseconds: number;
  /** The incidents that are not over, the oldest first. */
  open: Incident[];
  /** Those that ended last, the newest first. */
  ended: EndedIncident[];
  silences: AlertSilence[];
  /** Messages that wait to be sent. */
  waiting: number;
}

/** What becomes of one incident. `tell`: people are to hear of it now. */
export type Step =
  | { kind: 'begin'; key: AlertKey; finding: Finding; tell: boolean }
  | { kind: 'go-on'; incident: Incident; finding: Finding; tell: boolean }
  | { kind: 'clear'; incident: Incident }
  | { kind: 'end'; incident: Incident; endedAt: string; tell: boolean };

/**
 * What the newest judgements make of the incidents. An incident begins at the first look that finds something wrong, and is over
 * once all has been well for `settleMilliseconds`: what comes and goes meanwhile is the same one. What could not be found out
 * changes nothing.
 *
 * People are told of each once when it begins and once when it ends. One that is silenced is told of when the silence ends, where
 * it still lasts; the end of what nobody was told of is told to nobody.
 *
 * @param open - the incidents that are not over, one of a key at most
 * @param judgements - an incident without one is about what is judged no more, and ends as if all were well
 */
export function settle(
  open: readonly Incident[],
  judgements: readonly Judgement[],
  silences: readonly AlertSilence[],
  { now, settleMilliseconds }: { now: number; settleMilliseconds: number },
): Step[] {
  const known = new Map(open.map((incident) => [alertId(incident), incident]));
  const judged = new Map(judgements.map((judgement) => [alertId(judgement), judgement]));
  const isSilenced = (key: AlertKey) => silences.some((silence) => covers(silence, key, now));
  const steps: Step[] = [];
  for (const { kind, source, finding } of judged.values()) {
    const key = { kind, source };
    if (finding !== null && finding !== 'unknown' && !known.has(alertId(key))) {
      steps.push({ kind: 'begin', key, finding, tell: !isSilenced(key) });
    }
  }
  for (const [id, incident] of known) {
    const finding = judged.get(id)?.finding ?? null;
    if (finding === 'unknown') continue;
    if (finding !== null) {
      steps.push({ kind: 'go-on', incident, finding, tell: !incident.told && !isSilenced(incident) });
    } else if (incident.clearSince === null && settleMilliseconds > 0) {
      steps.push({ kind: 'clear', incident });
    } else {
      const endedAt = incident.clearSince ?? new Date(now).toISOString();
      if (now - Date.parse(endedAt) >= settleMilliseconds) {
        steps.push({ kind: 'end', incident, endedAt, tell: incident.told });
      }
    }
  }
  return steps;
}

function covers({ kind, source, until }: AlertSilence, key: AlertKey, now: number): boolean {
  return (
    (kind === 'any' || kind === key.kind) &&
    (source === null || source === key.source) &&
    Date.parse(until) > now
  );
}

/** What people are told, by whichever channel. */
export interface AlertMessage {
  /** Equal however often it is sent: `<incident>-begun` or `<incident>-ended`. */
  id: string;
  phase: 'begun' | 'ended';
  /** `rejections:stripe`. */
  alert: string;
  kind: AlertKey['kind'];
  source: string | null;
  severity: Severity;
  title: string;
  text: string;
  cause: string | null;
  beganAt: string;
  endedAt: string | null;
  /** Where docs/alerts.md says what to do. */
  runbook: string;
}

/** The message that an incident has begun. */
export function begunMessage(incident: Incident): AlertMessage {
  return { ...common(incident, 'begun'), title: named(incident), text: incident.text, endedAt: null };
}

/** The message that an incident is over. */
export function endedMessage(incident: EndedIncident): AlertMessage {
  const { beganAt, endedAt } = incident;
  const began = Date.parse(beganAt);
  return {
    ...common(incident, 'ended'),
    title: `over: ${named(incident)}`,
    text: `It began at ${describeTime(began)} and lasted ${describeDuration(Date.parse(endedAt) - began)}.`,
    endedAt,
  };
}

function common(incident: Incident, phase: AlertMessage['phase']) {
  const { id, kind, source, cause, beganAt } = incident;
  return {
    id: `${id}-${phase}`,
    phase,
    alert: alertId(incident),
    kind,
    source,
    severity: severityOf(kind),
    cause,
    beganAt,
    runbook: `docs/alerts.md#${kind}`,
  };
}

/** `stripe: every delivery is refused`. */
export function named({ source, title }: Pick<Incident, 'source' | 'title'>): string {
  return source === null ? title : `${source}: ${title}`;
}
