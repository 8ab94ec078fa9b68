import { z } from 'zod';
import { type SourceStory, tellSource } from '../../inspection/source-story.ts';
import type { RunRow } from '../../temporal/list-runs.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { paths } from '../paths.ts';
import { exactTime, facts, link, notice, outwards, table, time } from '../pieces.ts';
import { plot } from '../plot.ts';
import { required } from '../query.ts';
import { RefusedError } from '../problems.ts';
import { describeReport, openLetters, showAlerts, stateBadge } from './sources.ts';

const querySchema = z.object({ name: required });

/** One source: how it is doing, how its deliveries come in, and what was refused. */
export function sourcePage(deps: ConsoleDependencies): Show<SourceStory> {
  const { ui, now } = deps;
  return async (request) => {
    const { name } = querySchema.parse(request.query);
    const data = await tellSource(deps, name);
    if (data === null) {
      throw new RefusedError('LANDFALL_CONSOLE_UNKNOWN', 'No source of this name is on in this process.');
    }
    return {
      title: name,
      place: 'Sources',
      data,
      main: (page) => html`
        ${showAlerts(page.alerts)}
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

function showHealth({ health, settings }: SourceStory, now: number): Html {
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

function showRates({ health, hours }: SourceStory): Html {
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

function showRejected({ rejected }: SourceStory): Html {
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
