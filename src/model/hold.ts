import type { DecisionOrigin } from './audit.ts';
import type { FailureReport } from './dead-letter.ts';
import { ownWorkflowId } from './ids.ts';
import { keyword } from './search-attributes.ts';

/** What is held: one class of failure, at one step of one source. A destination that is away holds up no other one. */
export interface HoldKey {
  source: string;
  /** `fetchRecord`, or `deliver crm`. */
  step: string;
  /** The code of the failure. */
  error: string;
}

/** When failures are an outage, and how it is waited for. */
export interface HoldSettings {
  /** How many different records must fail in the same way before a source is held. @default 5 */
  entities: number;
  /** Within which time, in milliseconds. @default 10 minutes */
  withinMilliseconds: number;
  /** Until the first probe, in milliseconds; each failed one doubles the pause. @default 10 seconds */
  firstProbeMilliseconds: number;
  /** @default 5 minutes */
  longestProbeMilliseconds: number;
  /** How many events are let go a second once a probe got through. @default 20 */
  releasesPerSecond: number;
  /** After what time a held event first asks by itself whether the hold still stands; doubled each time, an hour at most. @default 1 minute */
  askAfterMilliseconds: number;
  /**
   * How long others may get past the step while every probe fails. An outage of a part passes within that; what still fails then does so
   * for itself, such as the records of a repository that is gone, and each is a case. @default 1 day
   */
  othersPassMilliseconds: number;
}

export const defaultHold: HoldSettings = {
  entities: 5,
  withinMilliseconds: 600_000,
  firstProbeMilliseconds: 10_000,
  longestProbeMilliseconds: 300_000,
  releasesPerSecond: 20,
  askAfterMilliseconds: 60_000,
  othersPassMilliseconds: 86_400_000,
};

/** How the settings of one source and those of the deployment go together; null: nothing is ever held. */
export function holdSettings(
  ofSource: Partial<HoldSettings> | null | undefined,
  ofDeployment: HoldSettings | null,
): HoldSettings | null {
  if (ofSource === undefined) return ofDeployment;
  return ofSource === null ? null : { ...(ofDeployment ?? defaultHold), ...ofSource };
}

/**
 * Failures that can be those of the other side as a whole, or of our access to it, and so can pass for all records at once: an
 * expired key hits every record as much as a vendor that is down. What is about one record never passes by waiting.
 */
const outages: ReadonlySet<string> = new Set([
  'LANDFALL_VENDOR_UNAVAILABLE',
  'LANDFALL_VENDOR_RATE_LIMITED',
  'LANDFALL_VENDOR_BEHIND',
  'LANDFALL_VENDOR_DENIED',
  'LANDFALL_DESTINATION_UNAVAILABLE',
  'LANDFALL_DESTINATION_DENIED',
]);

/** Whether a failure can be one of many. */
export function canBeHeld({ type }: Pick<FailureReport, 'type'>): boolean {
  return outages.has(type);
}

/** As `canBeHeld` was while a refusal was not told from a denied access: runs of that time go on as they began. */
export function couldBeHeld({ type }: Pick<FailureReport, 'type'>): boolean {
  return /^LANDFALL_(VENDOR|DESTINATION)_REFUSED$/.test(type) || outages.has(type);
}

/**
 * How often one event is held at most. Each hold that a probe has ended means that the other side has answered for another
 * event: one that fails again and again after that is a case of its own.
 */
export const mostHolds = 3;

/** What is known when a failed event asks what to do. */
export interface FailureCircumstances {
  /** Whether its class is held already. */
  held: boolean;
  /** Different records that failed in this way within the window, this one included. */
  entities: number;
  /** How many holds of this event a probe has ended. */
  holds: number;
  /** Whether it is a replay: somebody waits for its answer, so it is never held, and begins no hold. */
  replay: boolean;
}

/**
 * Whether an event that failed for good is a case of its own or waits for the end of an outage, and whether this failure is
 * the one that shows that there is one.
 */
export function judgeFailure(
  { held, entities, holds, replay }: FailureCircumstances,
  settings: HoldSettings | null,
): { verdict: 'case' | 'held'; beginsHold: boolean } {
  if (settings === null) return { verdict: 'case', beginsHold: false };
  const waits = !replay && holds < mostHolds && (held || entities >= settings.entities);
  return { verdict: waits ? 'held' : 'case', beginsHold: waits && !held };
}

/** The pause after a failed probe, in milliseconds. */
export function nextPause(pause: number, { longestProbeMilliseconds }: HoldSettings): number {
  return Math.min(pause * 2, longestProbeMilliseconds);
}

/** `hold:<source>:<step>:<code>`, such as `hold:stripe:deliver:crm:LANDFALL_DESTINATION_UNAVAILABLE`. */
export function holdWorkflowId({ source, step, error }: HoldKey): string {
  return ownWorkflowId('hold', source, step.replaceAll(' ', ':'), error);
}

/** The value of `LandfallOutcome` on an event that waits: `held at fetchRecord`. */
export function heldAt(step: string): string {
  return keyword(`held at ${step}`);
}

/** Of a hold that lets its events go: what fails now is judged anew. */
export const releasing = 'releasing';

/** What a held event is told. */
export interface Release {
  /** `probe`: try once and tell the hold. `give-up`: become a dead letter. */
  kind: 'probe' | 'release' | 'give-up';
  /** Whether a probe got through: see `mostHolds`. */
  proven: boolean;
}

/** Whether an event's class is held, and when it asks next. */
export interface HoldAnswer {
  held: boolean;
  askAfterMilliseconds: number;
}

/** What an event that was the probe tells the hold. */
export interface ProbeAnswer {
  workflowId: string;
  /** Whether it got past the step that is held. */
  passed: boolean;
  /** The failure, where it did not. */
  message: string;
}

/** The input of the workflow `hold`. */
export interface HoldInput extends HoldKey {
  settings: HoldSettings;
  /** How many records had failed when it began, and the failure of the last one. */
  entities: number;
  message: string;
  /** Set where it continues as a new run. */
  resume?: HoldState;
}

/** A hold as its query `state` answers. */
export interface HoldState {
  status: 'holding' | 'releasing' | 'giving-up';
  /** ISO 8601. */
  since: string;
  probes: number;
  /** Events that waited when it was last counted; null before that. */
  waiting: number | null;
  /** Since when probes have found nothing that waits, ISO 8601. */
  idleSince: string | null;
  /**
   * Since when others have got past the step from each probe to the next, while the probes failed, ISO 8601; null: they have not.
   * Absent in runs of before it was looked at.
   */
  othersPassSince?: string | null;
  /** Events that were let go or given up. */
  released: number;
  /** Dead letters of the outage's first minutes that were replayed. */
  replayed: number;
  pauseMilliseconds: number;
  /** The latest failure that was heard of. */
  message: string;
  lastProbeAt: string | null;
  /** How it ends, once that is known; `via` of a decision of somebody's. */
  ending: { how: HoldReport['ended']; by: string; reason: string; via?: DecisionOrigin } | null;
  /** Where the list of those that wait is read on. */
  cursor: string | null;
}

/** The result of the workflow `hold`. */
export interface HoldReport extends HoldKey {
  since: string;
  until: string;
  heldForMilliseconds: number;
  probes: number;
  released: number;
  replayed: number;
  /** `others-pass`: given up because it was no outage; see `othersPassMilliseconds`. */
  ended: 'probe' | 'by-hand' | 'given-up' | 'nothing-waits' | 'others-pass';
  by: string;
  reason: string;
}
