import ms from 'ms';
import { z } from 'zod';
import type { ReconciliationReport } from '../../model/reconciliation.ts';
import type { UiLinks } from '../../temporal/ui-links.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Content, type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { paths } from '../paths.ts';
import { badge, choice, exactTime, link, notice, type Numeric, numeric, outwards, table } from '../pieces.ts';
import { plot } from '../plot.ts';
import { given } from '../query.ts';

interface ReconciliationsPage {
  /** The newest first. */
  reports: ReconciliationReport[];
}

const querySchema = z.object({ source: given });
const shown = 60;
/** Plots for so many sources: those that were reconciled last. */
const mostPlots = 4;
const found = ['missing', 'stale', 'different', 'gone'] as const;

/** What reconciliations found out, as plots and line by line. */
export function reconciliationsPage({ store, sources, ui }: ConsoleDependencies): Show<ReconciliationsPage> {
  return async (request) => {
    const { source } = querySchema.parse(request.query);
    return {
      title: source === undefined ? 'Reconciliations' : `Reconciliations of ${source}`,
      place: 'Reconciliations',
      data: { reports: await store.listReports(source ?? null, shown) },
      main: ({ reports }) => html`
        <form class="fields card" action="${paths.reconciliations()}" aria-label="Of which source">
          ${choice('Source', 'source', [['', 'all'], ...[...sources.keys()].map((name) => [name, name] as const)], source)}
          <button>Show</button>
        </form>
        ${newestAlert(reports)} ${showPlots(reports)} ${showReports(reports, ui)}
      `,
    };
  };
}

function newestAlert([newest]: readonly ReconciliationReport[]): Html | null {
  return typeof newest?.alert === 'string' ? notice('bad', `${newest.source}: ${newest.alert}`) : null;
}

function showPlots(reports: readonly ReconciliationReport[]): Html {
  const names = [...new Set(reports.map(({ source }) => source))].slice(0, mostPlots);
  return html`<div class="two">
    ${names.map((name) => {
      const columns = reports.filter(({ source }) => source === name).reverse();
      const label = ({ finishedAt }: ReconciliationReport) => finishedAt.slice(0, 16).replace('T', ' ');
      const differed = columns.reduce((sum, report) => sum + differences(report), 0);
      return html`<section>
        <h2>${name}: what differed</h2>
        ${plot({
          label: `What differed from ${name} in ${columns.length} reconciliations: ${differed} records`,
          parts: found,
          columns: columns.map((report) => ({
            label: label(report),
            values: found.map((kind) => report[kind] ?? 0),
          })),
        })}
        <h3>Changes that were listed</h3>
        ${plot({
          label: `Changes that ${name} listed in ${columns.length} reconciliations`,
          parts: ['scanned'],
          columns: columns.map((report) => ({ label: label(report), values: [report.scanned] })),
        })}
      </section>`;
    })}
  </div>`;
}

function showReports(reports: readonly ReconciliationReport[], ui: UiLinks | null): Html {
  if (reports.length === 0) {
    return html`<section>
      <p>
        None has ended yet. They run on a schedule of each source; to begin one at once:
        <code>landfall reconcile &lt;source&gt;</code>
      </p>
    </section>`;
  }
  return html`<section>
    <h2>The newest ${reports.length}</h2>
    ${table(
      'Reconciliations',
      [
        'Source',
        'Ended',
        'Took',
        'State',
        ...['Scanned', 'Missing', 'Stale', 'Different', 'Gone', 'Repaired', 'Settled', 'Failed'].map(numeric),
        'Since',
        'Run',
      ],
      reports.map((report) => reportRow(report, ui)),
    )}
    <p class="soft">
      Missing: we had no copy. Stale: ours was older. Different, gone: found by an audit. Settled: gone by the
      time it was looked at.
    </p>
  </section>`;
}

function reportRow(report: ReconciliationReport, ui: UiLinks | null): (Content | Numeric)[] {
  const { source, finishedAt, startedAt, complete, alert, mode, since, workflowId, runId } = report;
  const numbers = [
    report.scanned,
    ...found.map((kind) => report[kind] ?? 0),
    report.repaired,
    report.settled,
    report.failed,
  ];
  return [
    link(paths.source(source), source),
    exactTime(finishedAt),
    ms(Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt))),
    html`${
      !complete
        ? badge('bad', 'broke off')
        : typeof alert === 'string'
          ? badge('bad', 'alert')
          : differences(report) === 0
            ? badge('good', 'in step')
            : badge('warn', 'mended')
    }
    ${mode === 'audit' ? badge('plain', 'audit') : null}`,
    ...numbers.map((number) => numeric(number.toLocaleString('en'))),
    since === null ? 'the beginning' : exactTime(since),
    ui === null
      ? html`<span class="id">${runId.slice(0, 8)}…</span>`
      : outwards(ui.workflow(workflowId, runId), 'in Temporal'),
  ];
}

function differences(report: ReconciliationReport): number {
  return found.reduce((sum, kind) => sum + (report[kind] ?? 0), 0);
}
