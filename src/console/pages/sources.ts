import type { Overview, SourceHealth, SourceState } from '../../inspection/source-health.ts';
import { alertId, severityOf } from '../../model/alerts.ts';
import type { ReconciliationReport } from '../../model/reconciliation.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Content, type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { paths } from '../paths.ts';
import {
  badge,
  counted,
  exactTime,
  link,
  notice,
  type Numeric,
  numeric,
  table,
  time,
  type Tone,
} from '../pieces.ts';

const tones: Record<SourceState, readonly [tone: Tone, text: string]> = {
  held: ['bad', 'held'],
  silent: ['bad', 'silent'],
  waiting: ['warn', 'dead letters'],
  well: ['good', 'well'],
  unknown: ['plain', 'not known'],
};

/** All sources at a glance. */
export function sourcesPage({ sourceHealth, now }: ConsoleDependencies): Show<Overview> {
  return async () => ({
    title: 'Sources',
    place: 'Sources',
    data: await sourceHealth(),
    main: (overview) => showOverview(overview, now()),
  });
}

function showOverview({ sources, alerts, inbox, complete, failure }: Overview, now: number): Html {
  return html`${showAlerts(alerts)}
    ${failure === null ? null : notice('bad', `${failure.message} What Temporal knows is left out.`)}
    ${
      inbox === 0
        ? null
        : notice('warn', `${counted(inbox, 'event')} in the inbox: accepted, and not yet with Temporal.`)
    }
    ${
      failure !== null || complete
        ? null
        : notice('warn', 'So many dead letters are open that only the newest 1,000 are counted by source.')
    }
    <section>
      ${table(
        'Sources',
        [
          'Source',
          'State',
          ...['Deliveries, 1 h', '24 h'].map(numeric),
          'Last one',
          ...['Refused, 1 h', '24 h', 'Dead letters'].map(numeric),
          'Reconciled',
        ],
        sources.map((each) => overviewRow(each, now)),
      )}
      ${
        sources.length === 0
          ? html`<p>
              No source is on in this process. A source is on where its settings are there: see
              docs/configuration.md.
            </p>`
          : null
      }
    </section>`;
}

/** What is wrong now. */
export function showAlerts(alerts: Overview['alerts']): Html | null {
  if (alerts.length === 0) return null;
  return html`<section aria-label="Alerts">
    ${alerts.map((incident) =>
      notice(
        severityOf(incident.kind) === 'critical' ? 'bad' : 'warn',
        html`<strong>${alertId(incident)}</strong> ${incident.text}
          <small>Since ${exactTime(incident.beganAt)}: docs/alerts.md#${incident.kind}</small>`,
      ),
    )}
  </section>`;
}

function overviewRow(health: SourceHealth, now: number): (Content | Numeric)[] {
  const { source, deliveries, rejections, deadLetters, lastReport } = health;
  return [
    link(paths.source(source), source),
    stateBadge(health.state),
    count(deliveries.lastHour),
    count(deliveries.lastDay),
    deliveries.lastAt === null
      ? html`<span class="soft">none in five weeks</span>`
      : time(deliveries.lastAt, now),
    count(rejections.lastHour),
    count(rejections.lastDay),
    numeric(openLetters(source, deadLetters)),
    lastReport === null ? html`<span class="soft">never</span>` : describeReport(lastReport, now),
  ];
}

function count(value: number): Numeric {
  return numeric(value === 0 ? html`<span class="soft">0</span>` : value.toLocaleString('en'));
}

export function stateBadge(state: SourceState): Html {
  return badge(...tones[state]);
}

export function openLetters(source: string, open: number | null): Content {
  if (open === null) return html`<span class="soft">not known</span>`;
  if (open === 0) return html`<span class="soft">0</span>`;
  return link(
    paths.deadLetters({ source }),
    html`${open.toLocaleString('en')} <span class="hidden">open dead letters of ${source}</span>`,
  );
}

/** What a reconciliation came to, in a few words. */
export function describeReport(report: ReconciliationReport, now: number): Html {
  const { complete, missing, stale, different = 0, gone = 0, alert } = report;
  const found = missing + stale + different + gone;
  const said = !complete
    ? badge('bad', 'broke off')
    : typeof alert === 'string'
      ? badge('bad', `${found} differed`)
      : found === 0
        ? badge('good', 'in step')
        : badge('warn', `${found} differed`);
  return html`${said}<br /><small>${time(report.finishedAt, now)}</small>`;
}
