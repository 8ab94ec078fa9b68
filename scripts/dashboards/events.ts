import type { DashboardSpec } from './build-dashboard.ts';
import { perSecond, quantile, share } from './promql.ts';

const ofSource = 'source=~"$source"';

/** What vendors send, what becomes of it, and what waits. */
export const events: DashboardSpec = {
  uid: 'landfall-events',
  title: 'Landfall: events',
  description:
    'From the delivery of an event to its being handed on. docs/operations.md says what to do about each.',
  variables: { source: { label: 'Source', metric: 'landfall_deliveries_total' } },
  rows: [
    {
      title: 'At a glance',
      graphs: [
        {
          title: 'Deliveries',
          about: 'Deliveries a second, whatever the answer.',
          unit: 'reqps',
          kind: 'number',
          queries: [{ expr: `sum(${perSecond('landfall_deliveries_total', ofSource)})`, legend: '' }],
        },
        {
          title: 'Not taken',
          about: 'The share of deliveries that were rejected, refused or could not be held.',
          unit: 'percentunit',
          kind: 'number',
          queries: [
            {
              expr: share(
                `sum(${perSecond('landfall_deliveries_total', `${ofSource}, result=~"rejected|refused|unavailable"`)})`,
                `sum(${perSecond('landfall_deliveries_total', ofSource)})`,
              ),
              legend: '',
            },
          ],
        },
        {
          title: 'In the inbox',
          about: 'Events that wait for Temporal. Every receiver reports the same inbox, hence the maximum.',
          unit: 'short',
          kind: 'number',
          queries: [{ expr: 'max(landfall_inbox_items)', legend: '' }],
        },
        {
          title: 'New dead letters, 24 h',
          about: 'Events that wait for a decision since yesterday. The queue itself is in the Temporal UI.',
          unit: 'short',
          kind: 'number',
          queries: [
            { expr: `sum(increase(landfall_dead_letters_opened_total{${ofSource}}[24h]))`, legend: '' },
          ],
        },
        {
          title: 'Held sources',
          about: 'Sources that were probed in the last quarter of an hour: many of their records fail alike.',
          unit: 'short',
          kind: 'number',
          queries: [
            {
              expr: `count(sum by (source) (increase(landfall_hold_probes_total{${ofSource}}[15m])) > 0) or vector(0)`,
              legend: '',
            },
          ],
        },
        {
          title: 'Oldest reconciliation',
          about: 'How long ago the source that waits longest was last compared with its vendor, completely.',
          unit: 's',
          kind: 'number',
          queries: [
            {
              expr: `max(time() - max by (source) (landfall_reconciliation_last_complete_timestamp_seconds{${ofSource}}))`,
              legend: '',
            },
          ],
        },
      ],
    },
    {
      title: 'Deliveries',
      graphs: [
        {
          title: 'Answers',
          about:
            'How deliveries were answered. `inboxed`: Temporal is down or busy. `unavailable`: the vendor was told to send again.',
          unit: 'reqps',
          kind: 'stacked',
          queries: [
            {
              expr: `sum by (result) (${perSecond('landfall_deliveries_total', ofSource)})`,
              legend: '{{result}}',
            },
          ],
        },
        {
          title: 'Refused signatures',
          about:
            '`bad_signature`: a secret was rotated, or somebody probes. `stale_timestamp`: a clock is wrong. docs/operations.md has all.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (source, reason) (${perSecond('landfall_rejections_total', ofSource)})`,
              legend: '{{source}} {{reason}}',
            },
          ],
        },
        {
          title: 'Time to answer',
          about: 'From the headers of a delivery to its answer. Vendors give up after 5 to 10 seconds.',
          unit: 's',
          queries: [0.5, 0.95, 0.99].map((part) => ({
            expr: quantile(part, 'landfall_answer_duration_seconds', ofSource),
            legend: `p${part * 100}`,
          })),
        },
        {
          title: 'Time to be durable, p99',
          about: 'From a verified delivery to its being held by Temporal or the inbox.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.99, 'landfall_accept_duration_seconds', ofSource, ['source']),
              legend: '{{source}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Processing',
      graphs: [
        {
          title: 'Outcomes',
          about: 'What became of events. Many `stale` and `duplicate` are a vendor that repeats itself.',
          unit: 'ops',
          kind: 'stacked',
          queries: [
            {
              expr: `sum by (outcome) (${perSecond('landfall_outcomes_total', ofSource)})`,
              legend: '{{outcome}}',
            },
          ],
        },
        {
          title: 'Steps, p95',
          about: 'How long attempts take: at the vendor, in our store, at each destination and handler.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'landfall_step_duration_seconds', ofSource, ['source', 'step']),
              legend: '{{source}} {{step}}',
            },
          ],
        },
        {
          title: 'Failed attempts, by step',
          about:
            'The share of attempts that failed. They are made again; what fails for good is a dead letter.',
          unit: 'percentunit',
          queries: [
            {
              expr: share(
                `sum by (source, step) (${perSecond('landfall_step_duration_seconds_count', `${ofSource}, result="failed"`)})`,
                `sum by (source, step) (${perSecond('landfall_step_duration_seconds_count', ofSource)})`,
              ),
              legend: '{{source}} {{step}}',
            },
          ],
        },
        {
          title: 'Failed attempts, by code',
          about: 'docs/errors.md says what each code means and what mends it.',
          unit: 'ops',
          queries: [
            {
              expr: `sum by (activity, code) (${perSecond('landfall_activity_failures_total')})`,
              legend: '{{activity}} {{code}}',
            },
          ],
        },
      ],
    },
    {
      title: 'What waits',
      graphs: [
        {
          title: 'Inbox',
          about: 'Grows while Temporal is down or a burst lasts; empties by itself.',
          unit: 'short',
          queries: [{ expr: 'max(landfall_inbox_items)', legend: 'waiting' }],
        },
        {
          title: 'Relayed',
          about: 'Events that the relay gave to Temporal, and those that cannot be started.',
          unit: 'ops',
          queries: [
            {
              expr: `sum(${perSecond('landfall_inbox_relayed_total', ofSource)})`,
              legend: 'relayed',
            },
            {
              expr: `sum(${perSecond('landfall_inbox_refused_total', ofSource)})`,
              legend: 'refused',
            },
          ],
        },
        {
          title: 'Dead letters',
          about:
            'Opened in an hour, by the code of their failure, and the reminders of those that still wait.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (source, code) (increase(landfall_dead_letters_opened_total{${ofSource}}[1h]))`,
              legend: '{{source}} {{code}}',
            },
            {
              expr: `sum by (source) (increase(landfall_dead_letter_reminders_total{${ofSource}}[1h]))`,
              legend: '{{source}} reminders',
            },
          ],
        },
        {
          title: 'Holds and silences',
          about: 'Probes of held sources, and looks that found a source silent, in a quarter of an hour.',
          unit: 'short',
          queries: [
            {
              expr: `sum by (source, code) (increase(landfall_hold_probes_total{${ofSource}}[15m]))`,
              legend: '{{source}} {{code}}',
            },
            {
              expr: `sum by (source) (increase(landfall_silence_looks_total{${ofSource}, result="silent"}[15m]))`,
              legend: '{{source}} silent',
            },
          ],
        },
      ],
    },
    {
      title: 'Reconciliation',
      graphs: [
        {
          title: 'Age of the last complete run',
          about: 'Beyond a day and a half a source that is reconciled daily has missed a run.',
          unit: 's',
          queries: [
            {
              expr: `time() - max by (source) (landfall_reconciliation_last_complete_timestamp_seconds{${ofSource}})`,
              legend: '{{source}}',
            },
          ],
        },
        {
          title: 'Found, in a day',
          about: 'Records that no webhook had brought. Many of them: the webhooks are to be looked at.',
          unit: 'short',
          queries: ['missing', 'stale', 'different', 'gone'].map((kind) => ({
            expr: `sum by (source) (increase(landfall_reconciliation_${kind}_total{${ofSource}}[24h]))`,
            legend: `{{source}} ${kind}`,
          })),
        },
        {
          title: 'Repaired and failed, in a day',
          about: 'What was found is repaired through the same door as events; what fails is a dead letter.',
          unit: 'short',
          queries: ['repaired', 'failed'].map((kind) => ({
            expr: `sum by (source) (increase(landfall_reconciliation_${kind}_total{${ofSource}}[24h]))`,
            legend: `{{source}} ${kind}`,
          })),
        },
      ],
    },
  ],
};
