import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ReconciliationReport } from '../model/reconciliation.ts';
import { createObservedMetrics } from './observed-metrics.ts';
import { createTimings, type Timings } from './timings.ts';

/** Every metric, declared once. docs/metrics.md lists them; a test compares the two. */
export interface Metrics extends Timings {
  registry: Registry;
  /** Answers to deliveries. */
  deliveries: Counter<'source' | 'result'>;
  /** Refused deliveries. */
  rejections: Counter<'source' | 'reason'>;
  /** What was cut off before it was a delivery. */
  cutOff: Counter<'reason'>;
  /** Verified deliveries. */
  signatures: Counter<'source' | 'secret'>;
  versionSkew: Counter<'source'>;
  acceptSeconds: Histogram<'source'>;
  conflicts: Counter<'source'>;
  bodiesKept: Counter<'source' | 'result'>;
  heldBodyBytes: Gauge;
  inboxItems: Gauge;
  inboxRelayed: Counter<'source'>;
  inboxRefused: Counter<'source'>;
  outcomes: Counter<'source' | 'outcome'>;
  activityFailures: Counter<'activity' | 'code'>;
  deadLettersOpened: Counter<'source' | 'code'>;
  deadLetterReminders: Counter<'source' | 'escalated'>;
  holds: Counter<'source' | 'code'>;
  holdProbes: Counter<'source' | 'code'>;
  looks: Counter<'source' | 'result'>;
  observeReconciliation(report: ReconciliationReport): void;
  /** Deliveries that vendors were asked to make again. */
  redeliveriesAsked: Counter<'source'>;
  /** From the vendor's own time of a change to its being applied. */
  applyLagSeconds: Histogram<'source'>;
  /** Messages about incidents. */
  alertMessages: Counter<'channel' | 'result'>;
  /** Shows what a worker saw when it judged last, and the incidents that are not over. */
  showObserved: ReturnType<typeof createObservedMetrics>;
}

/** The metrics of one process, in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Counter({ name: `landfall_${name}_total`, help, labelNames, registers });

  const reconciled = {
    scanned: counter('reconciliation_scanned', 'Changes that vendors listed to reconciliations.', ['source']),
    missing: counter('reconciliation_missing', 'Listed records that we had no copy of.', ['source']),
    stale: counter('reconciliation_stale', 'Listed records whose copy was old.', ['source']),
    different: counter('reconciliation_different', 'Copies with other content under the same version.', [
      'source',
    ]),
    gone: counter('reconciliation_gone', 'Copies of records that the vendor no longer had.', ['source']),
    repaired: counter('reconciliation_repaired', 'Differences that reconciliations mended.', ['source']),
    failed: counter('reconciliation_failed', 'Differences that ended in a dead letter.', ['source']),
    held: counter('reconciliation_held', 'Differences whose repair waits for the end of an outage.', [
      'source',
    ]),
  };
  const runs = counter('reconciliation_runs', 'Reconciliations, by whether they read every page.', [
    'source',
    'complete',
  ]);
  const alerts = counter(
    'reconciliation_alerts',
    'Reconciliations that found so much missing that the webhooks are to be looked at.',
    ['source'],
  );
  const lastComplete = new Gauge({
    name: 'landfall_reconciliation_last_complete_timestamp_seconds',
    help: 'When the last complete reconciliation of the source finished, Unix time.',
    labelNames: ['source'],
    registers,
  });

  return {
    registry,
    ...createTimings(registry),
    deliveries: counter(
      'deliveries',
      'Deliveries by how they were answered: started, duplicate, inboxed, unreadable, handshake, rejected, refused, unavailable.',
      ['source', 'result'],
    ),
    rejections: counter('rejections', 'Deliveries whose signature or address was refused, by reason.', [
      'source',
      'reason',
    ]),
    cutOff: counter(
      'cut_off',
      'Connections and requests that were cut off before they were a delivery: too_many_connections, too_many_of_address, too_slow, headers_too_large, broken.',
      ['reason'],
    ),
    signatures: counter(
      'signatures',
      'Verified deliveries, by the place of the secret that signed them: 1 is the newest.',
      ['source', 'secret'],
    ),
    versionSkew: counter(
      'version_skew',
      "Deliveries written in another version of the vendor's API than records are fetched in.",
      ['source'],
    ),
    acceptSeconds: new Histogram({
      name: 'landfall_accept_duration_seconds',
      help: 'From a verified delivery to its being durable.',
      labelNames: ['source'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    conflicts: counter('conflicts', 'Deliveries of a known event id with another body; the first wins.', [
      'source',
    ]),
    bodiesKept: counter(
      'bodies_kept',
      'Large bodies and records that were put into the store, by whether their bytes were there already: new, known.',
      ['source', 'result'],
    ),
    heldBodyBytes: new Gauge({
      name: 'landfall_held_body_bytes',
      help: 'Bytes of large bodies that this receiver has in memory.',
      registers,
    }),
    inboxItems: new Gauge({
      name: 'landfall_inbox_items',
      help: 'Events in the inbox, waiting for Temporal; above 100,000 an estimate.',
      registers,
    }),
    inboxRelayed: counter('inbox_relayed', 'Events that the relay gave to Temporal.', ['source']),
    inboxRefused: counter(
      'inbox_refused',
      'Events of the inbox that cannot be started, but for an outage; they are tried again.',
      ['source'],
    ),
    outcomes: counter('outcomes', 'Processed events by outcome.', ['source', 'outcome']),
    activityFailures: counter('activity_failures', 'Failed attempts of activities, by error code.', [
      'activity',
      'code',
    ]),
    deadLettersOpened: counter(
      'dead_letters_opened',
      'Dead letters that were opened, or told of another failure.',
      ['source', 'code'],
    ),
    deadLetterReminders: counter(
      'dead_letter_reminders',
      'Reminders of dead letters that wait for a decision.',
      ['source', 'escalated'],
    ),
    // Counters, not gauges: a hold begins in one worker and ends in another, whose gauge would stay as it was.
    holds: counter('holds', 'Holds that were begun: many records of the source failed alike.', [
      'source',
      'code',
    ]),
    holdProbes: counter('hold_probes', 'Probes of held sources: it grows for as long as a source is held.', [
      'source',
      'code',
    ]),
    looks: counter(
      'silence_looks',
      'Looks at whether deliveries still arrive, by what was seen: usual, silent, learning.',
      ['source', 'result'],
    ),
    redeliveriesAsked: counter(
      'redeliveries_asked',
      'Deliveries that reached us at no attempt, and that the vendor was asked to make again.',
      ['source'],
    ),
    applyLagSeconds: new Histogram({
      name: 'landfall_apply_lag_seconds',
      help: "From the vendor's own time of a change to its being applied; without replays and what reconciliation found.",
      labelNames: ['source'],
      buckets: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600, 86_400],
      registers,
    }),
    alertMessages: counter(
      'alert_messages',
      'Messages about incidents, by channel and by what came of sending: sent, failed (tried again), given-up.',
      ['channel', 'result'],
    ),
    showObserved: createObservedMetrics(registers),
    observeReconciliation(report) {
      const { source, complete } = report;
      for (const [name, each] of Object.entries(reconciled)) {
        each.inc({ source }, report[name as keyof typeof reconciled] ?? 0);
      }
      if (typeof report.alert === 'string') alerts.inc({ source });
      runs.inc({ source, complete: String(complete) });
      if (complete) lastComplete.set({ source }, Date.parse(report.finishedAt) / 1_000);
    },
  };
}
