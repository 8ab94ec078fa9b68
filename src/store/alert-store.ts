import type { Judgement, Lag } from '../model/alerts.ts';
import type { AlertMessage, AlertSilence, EndedIncident, Incident } from '../model/incidents.ts';
import type { Refused } from '../model/judge-rejections.ts';
import type { ReconciliationReport } from '../model/reconciliation.ts';

/** What a worker saw when it judged last, as every process shows it in its metrics. Times in milliseconds since the epoch. */
export interface Observed {
  inboxOldestAt: number | null;
  sources: {
    source: string;
    /** null: Temporal did not answer. */
    deadLetters: { count: number; oldestAt: number | null } | null;
    lastDeliveryAt: number | null;
    /** null: it cannot list its changes. */
    reconciliation: { reconciledUntil: number | null; incomplete: boolean; missed: number } | null;
  }[];
}

/** The incidents that are not over and those that ended last, and what is silenced. */
export interface IncidentList {
  /** The oldest first. */
  open: Incident[];
  /** The newest end first. */
  ended: EndedIncident[];
  silences: AlertSilence[];
}

/** Changes that one process applied within one minute. */
export interface LagBatch extends Lag {
  source: string;
  /** Of any moment within the minute, in milliseconds since the epoch. */
  at: number;
}

/** A message that this process has claimed for a while. */
export interface ClaimedAlertMessage {
  channel: string;
  message: AlertMessage;
  /** This one included. */
  attempts: number;
  /** When its incident began or ended, ISO 8601: what is told much later than that is given up. */
  since: string;
}

/** What alerts are judged by, and what becomes of them. Part of `Store`, and throws as its methods do. */
export interface AlertStore {
  /** Adds applied changes to the minutes that they are of; forgets what is older than a day. */
  recordLags(batches: readonly LagBatch[]): Promise<void>;
  /** Since `since` (milliseconds since the epoch), by source. */
  sumLags(since: number): Promise<(Lag & { source: string })[]>;
  /** Notes that a receiver was started; forgets starts of more than a month ago. */
  recordReceiverStart(at: number): Promise<void>;
  /** In the order of time. */
  listReceiverStarts(since: number): Promise<number[]>;
  /** Refused deliveries since `since`, those from `byTheMinuteSince` on by the minute, the older ones by the hour. */
  listRefused(since: number, byTheMinuteSince: number): Promise<(Refused & { source: string })[]>;
  /** When the last verified delivery of each source began to arrive, for those that had any. */
  findLastArrivals(sources: readonly string[]): Promise<{ source: string; lastAt: number }[]>;
  /** When the oldest event of the inbox was accepted; null where it is empty. */
  findOldestInInbox(): Promise<number | null>;
  /**
   * Of each source its cursor, and the report of its newest run. Runs that reconcile the window of a silence are left out: they say
   * nothing of the list as a whole.
   */
  reviewReconciliations(
    sources: readonly string[],
  ): Promise<{ source: string; reconciledUntil: number | null; newest: ReconciliationReport | null }[]>;

  /** Keeps what a worker has seen, in place of what was seen before. */
  saveObserved(observed: Observed, at: number): Promise<void>;
  /** null where no worker has judged yet. */
  findObserved(): Promise<{ observed: Observed; at: number } | null>;

  /**
   * Begins, goes on with and ends incidents as `settle` has it, and writes down for each channel what people are to be told, in one
   * transaction that one process at a time can be in: so each beginning and each end is one message. Forgets incidents that ended
   * three months ago.
   */
  settleIncidents(input: {
    judgements: readonly Judgement[];
    channels: readonly string[];
    now: number;
    settleMilliseconds: number;
  }): Promise<void>;
  /** @param limits.ended - how many of those that ended. @default 5 */
  listIncidents(limits?: { ended: number }): Promise<IncidentList>;
  /** In place of an earlier one of the same kind and source. */
  silenceAlert(silence: AlertSilence): Promise<void>;
  /** False where it was not silenced. */
  unsilenceAlert(alert: Pick<AlertSilence, 'kind' | 'source'>): Promise<boolean>;

  /** How many messages wait to be sent now, those included that another process may be sending. */
  countAlertMessages(): Promise<number>;
  /**
   * Takes one message that is due, for `leaseMilliseconds`: others get it only after that. What began is told of before its end.
   * null where there is none.
   */
  claimAlertMessage(leaseMilliseconds: number): Promise<ClaimedAlertMessage | null>;
  /** It was sent. */
  markAlertSent(message: { id: string; channel: string }): Promise<void>;
  /** It could not be sent: it is due again after a while, or, with null, never. */
  postponeAlertMessage(
    message: { id: string; channel: string },
    failure: { error: string; afterMilliseconds: number | null },
  ): Promise<void>;
}
