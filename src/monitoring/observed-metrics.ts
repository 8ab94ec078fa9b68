import { Gauge, type Registry } from 'prom-client';
import type { Incident } from '../model/incidents.ts';
import type { Observed } from '../store/alert-store.ts';

/**
 * What a worker saw when it judged last, as gauges: every process reads it from the store, and shows the same.
 *
 * @returns shows another one in place of what was shown before; `at` in milliseconds since the epoch
 */
export function createObservedMetrics(
  registers: Registry[],
): (seen: { observed: Observed; at: number }, open: readonly Pick<Incident, 'kind' | 'source'>[]) => void {
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) =>
    new Gauge({ name: `landfall_${name}`, help, labelNames, registers });
  const bySource = {
    deadLetters: gauge('open_dead_letters', 'Dead letters that wait for a decision.', ['source']),
    oldest: gauge(
      'oldest_dead_letter_timestamp_seconds',
      'When the oldest open dead letter of the source was opened, Unix time; absent where none is open.',
      ['source'],
    ),
    lastDelivery: gauge(
      'last_delivery_timestamp_seconds',
      'When the last verified delivery of the source arrived, Unix time; of the last five weeks.',
      ['source'],
    ),
    reconciledUntil: gauge(
      'reconciled_until_timestamp_seconds',
      'Up to when the source is reconciled, Unix time: when its last complete run began.',
      ['source'],
    ),
    incomplete: gauge(
      'reconciliation_incomplete',
      "1 where the newest reconciliation of the source did not read every page of the vendor's list, else 0.",
      ['source'],
    ),
    missed: gauge(
      'reconciliation_missed',
      'Changes that had come by no webhook, of the newest reconciliation, where they are so many that the webhooks are to be looked at; else 0.',
      ['source'],
    ),
  };
  const incidents = gauge('open_incidents', 'Alerts that are not over: 1 for each kind and source.', [
    'kind',
    'source',
  ]);
  const judged = gauge(
    'alerts_judged_timestamp_seconds',
    'When a worker judged last whether something is wrong, Unix time; 0 where none has.',
    [],
  );

  return ({ observed, at }, open) => {
    for (const each of Object.values(bySource)) each.reset();
    for (const { source, deadLetters, lastDeliveryAt, reconciliation } of observed.sources) {
      if (deadLetters !== null) {
        bySource.deadLetters.set({ source }, deadLetters.count);
        if (deadLetters.oldestAt !== null) bySource.oldest.set({ source }, deadLetters.oldestAt / 1_000);
      }
      if (lastDeliveryAt !== null) bySource.lastDelivery.set({ source }, lastDeliveryAt / 1_000);
      if (reconciliation === null) continue;
      const { reconciledUntil, incomplete, missed } = reconciliation;
      if (reconciledUntil !== null) bySource.reconciledUntil.set({ source }, reconciledUntil / 1_000);
      bySource.incomplete.set({ source }, incomplete ? 1 : 0);
      bySource.missed.set({ source }, missed);
    }
    incidents.reset();
    for (const { kind, source } of open) incidents.set({ kind, source: source ?? '' }, 1);
    judged.set(at / 1_000);
  };
}
