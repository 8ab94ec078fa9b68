import { alertId, alertKinds } from './alerts.ts';
import type { DecisionOrigin } from './audit.ts';
import type { AlertSilence } from './incidents.ts';
import { isJsonObject } from './json.ts';

/** Asks that nobody is told of an alert for some time. */
export interface SilenceRequest {
  /** See `readAlert`. */
  alert: string;
  forMilliseconds: number;
  /** A person or a system: `ada@example.com`. */
  by: string;
  reason: string;
  /** From where, for the audit log. @default temporal */
  via?: DecisionOrigin;
}

/** Asks that people are told again. */
export type UnsilenceRequest = Omit<SilenceRequest, 'forMilliseconds'>;

/** Which alerts a silence is about. */
export type SilencedAlerts = Pick<AlertSilence, 'kind' | 'source'>;

/** A silence is for a time: whoever wants none of a kind at all has its setting. */
const longestMilliseconds = 90 * 86_400_000;

/**
 * `rejections:stripe`: one alert. `rejections`: of every source. `any:stripe`: every alert of a source. `any`: all there are.
 * null where it is none of these.
 */
export function readAlert(text: string): SilencedAlerts | null {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const source = colon === -1 ? null : text.slice(colon + 1);
  const kind = name === 'any' ? name : alertKinds.find((each) => each === name);
  return kind === undefined || source === '' ? null : { kind, source };
}

/** As `readAlert` reads it. */
export function describeAlerts({ kind, source }: SilencedAlerts): string {
  return kind === 'any' ? (source === null ? kind : `${kind}:${source}`) : alertId({ kind, source });
}

/** A request as it came, perhaps typed by hand into the Temporal UI; a sentence where it is not one. */
export function readSilence(
  value: unknown,
): (SilencedAlerts & Omit<SilenceRequest, 'alert' | 'via'>) | string {
  const read = readUnsilence(value);
  if (typeof read === 'string') return read;
  const forMilliseconds = isJsonObject(value) ? value['forMilliseconds'] : null;
  return typeof forMilliseconds === 'number' && forMilliseconds > 0 && forMilliseconds <= longestMilliseconds
    ? { ...read, forMilliseconds }
    : 'needs "forMilliseconds": for how long, 90 days at most';
}

/** As `readSilence`, for the end of a silence. */
export function readUnsilence(
  value: unknown,
): (SilencedAlerts & Omit<UnsilenceRequest, 'alert' | 'via'>) | string {
  if (!isJsonObject(value))
    return 'needs {"alert": "rejections:stripe", "by": "who you are", "reason": "why"}';
  const { alert, by, reason } = value;
  const alerts: SilencedAlerts | null = isText(alert) ? readAlert(alert) : null;
  if (alerts === null) {
    return `needs "alert": any or one of ${alertKinds.join(', ')}, and ":" with a source where it is about one`;
  }
  if (!isText(by)) return 'needs "by": who decides';
  if (!isText(reason)) return 'needs "reason": why';
  return { ...alerts, by, reason };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= 2_000;
}
