import ms from 'ms';
import { z } from 'zod';
import type { Failure } from '../../inspection/attempt.ts';
import type { SourceHealth } from '../../inspection/source-health.ts';
import type { Arrivals } from '../../model/silence.ts';
import type { Source } from '../../sources/define-source.ts';
import type { RejectionSample } from '../../store/store.ts';
import type { RunRow } from '../../temporal/list-runs.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { paths } from '../paths.ts';
import { exactTime, facts, link, notice, outwards, table, time } from '../pieces.ts';
import { plot } from '../plot.ts';
import { required } from '../query.ts';
import { RefusedError } from '../problems.ts';
import { describeReport, openLetters, stateBadge } from './sources.ts';

interface SourcePage {
  health: SourceHealth;
  /** Why Temporal did not answer; null where it did. */
  failure: Failure | null;
  /** Of the last day, the earliest first; each begins at a full hour. */
  hours: { hour: string; deliveries: number; rejections: Record<string, number> }[];
  rejected: RejectionSample[];
  settings: SourceSettings;
}

interface SourceSettings {
  scheme: string;
  records: string;
  reconciled: string;
  destinations: string[];
  attempts: number;
}

const querySchema = z.object({ name: required });
const hourMilliseconds = 3_600_000;
const shownHours = 24;
const shownRejections = 25;

/** One source: how it is doing, how its deliveries come in, and what was refused. */
export function sourcePage(deps: ConsoleDependencies): Show<SourcePage> {
  const { sources, store, sourceHealth, ui, now } = deps;
  return async (request) => {
    const { name } = querySchema.parse(request.query);
    const source = sources.get(name);
    if (source === undefined) {
      throw new RefusedError('LANDFALL_CONSOLE_UNKNOWN', 'No source of this name is on in this process.');
    }
    const since = Math.floor(now() / hourMilliseconds - shownHours + 1) * hourMilliseconds;
    const [overview, arrivals, refused, rejected] = await Promise.all([
      sourceHealth([name]),
      store.listArrivals(name, since),
      store.countRejectionsByHour(name, new Date(since).toISOString()),
      store.listRejections(name, shownRejections),
    ]);
    const [health] = overview.sources;
    if (health === undefined) throw new RangeError('the overview has every source that it is asked for');
    return {
      title: name,
      place: 'Sources',
      data: {
        health,
        failure: overview.failure,
        hours: byHour(since, arrivals, refused),
        rejected,
        settings: describe(source),
      },
      main: (page) => html`
        ${page.failure === null ? null : notice('bad', `${page.failure.message} What Temporal knows is left out.`)}
        ${page.health.holds.map((hold) => incident(`It is held: many of its records fail alike with ${hold.error}.`, hold, ui))}
        ${
          page.health.silence === null
            ? null
            : incident('It is silent: deliveries have stopped against its habit.', page.health.silence, ui)
        }
        ${showHealth(page, now())} ${showRates(page)} ${showRejected(page)}
      `,
    };
  };
}

function incident(what: string, run: RunRow, ui: ConsoleDependencies['ui']): Html {
  return notice(
    'bad',
    html`${what} Since ${exactTime(run.startedAt)}.
    ${ui === null ? html`<code>${run.workflowId}</code>` : outwards(ui.workflow(run.workflowId, run.runId), 'See it in Temporal')}`,
  );
}

function showHealth({ health, settings }: SourcePage, now: number): Html {
  const { lastReport } = health;
  return html`<section>
    ${facts([
      ['State', stateBadge(health.state)],
      ['Dead letters', openLetters(health.source, health.deadLetters)],
      [
        'Last delivery',
        health.deliveries.lastAt === null ? 'none in five weeks' : time(health.deliveries.lastAt, now),
      ],
      [
        'Last reconciliation',
        lastReport === null
          ? 'never'
          : html`${describeReport(lastReport, now)} ${link(paths.reconciliations(health.source), 'all')}`,
      ],
      ['Path', html`<code>/webhooks/${health.source}</code>`],
      ['Signature', settings.scheme],
      ['Records', settings.records],
      ['Reconciled', settings.reconciled],
      ['Handed on to', settings.destinations.join(', ')],
      ['Attempts', settings.attempts],
    ])}
  </section>`;
}

function showRates({ health, hours }: SourcePage): Html {
  const reasons = health.rejections.reasons.map(({ reason }) => reason);
  const label = (hour: string) => hour.slice(11, 16);
  return html`<div class="two">
    <section>
      <h2>Verified deliveries by hour</h2>
      ${plot({
        label: `Verified deliveries by hour: ${health.deliveries.lastDay} in the last day`,
        parts: ['deliveries'],
        columns: hours.map(({ hour, deliveries }) => ({ label: label(hour), values: [deliveries] })),
      })}
    </section>
    <section>
      <h2>Refused deliveries by hour</h2>
      ${
        reasons.length === 0
          ? html`<p class="soft">None was refused in the last day.</p>`
          : plot({
              label: `Refused deliveries by hour: ${health.rejections.lastDay} in the last day`,
              parts: reasons,
              columns: hours.map(({ hour, rejections }) => ({
                label: label(hour),
                values: reasons.map((reason) => rejections[reason] ?? 0),
              })),
            })
      }
    </section>
  </div>`;
}

function showRejected({ rejected }: SourcePage): Html {
  return html`<section>
    <h2>The newest refused deliveries</h2>
    ${
      rejected.length === 0
        ? html`<p class="soft">None is kept: nothing was refused of late.</p>`
        : table(
            'The newest refused deliveries',
            ['When', 'Reason', 'Detail', 'Body', 'Headers'],
            rejected.map(({ at, reason, detail, bodyBytes, bodySha256, headers }) => [
              exactTime(at),
              html`<code>${reason}</code>`,
              detail,
              html`${bodyBytes.toLocaleString('en')} bytes<br /><small
                  >SHA-256 <code>${bodySha256.slice(0, 12)}…</code></small
                >`,
              html`<details>
                <summary>${Object.keys(headers).length} headers</summary>
                ${Object.entries(headers).map(([name, value]) => html`<div><code>${name}: ${value}</code></div>`)}
              </details>`,
            ]),
          )
    }
  </section>`;
}

function byHour(
  since: number,
  arrivals: readonly Arrivals[],
  refused: readonly { hour: string; reason: string; count: number }[],
): SourcePage['hours'] {
  return Array.from({ length: shownHours }, (_, index) => {
    const from = since + index * hourMilliseconds;
    const hour = new Date(from).toISOString();
    const arrived = arrivals.filter(({ firstAt }) => firstAt >= from && firstAt < from + hourMilliseconds);
    return {
      hour,
      deliveries: arrived.reduce((total, { count }) => total + count, 0),
      rejections: Object.fromEntries(
        refused.filter((each) => each.hour === hour).map(({ reason, count }) => [reason, count]),
      ),
    };
  });
}

function describe(source: Source): SourceSettings {
  const { listChanged, reconcile } = source;
  return {
    scheme: source.verification.name,
    records: source.fetchRecord === undefined ? 'from the payload' : 'fetched fresh',
    reconciled: listChanged === undefined ? 'no' : `every ${ms(reconcile.everyMilliseconds, { long: true })}`,
    destinations: [...source.destinations, ...source.handlers].map(({ name }) => name),
    attempts: source.retry.maximumAttempts,
  };
}
