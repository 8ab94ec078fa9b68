import { z } from 'zod';
import { type EntityTimeline, tellEntity, type TimelineEntry } from '../../inspection/entity-timeline.ts';
import { timelineKinds } from '../../inspection/words.ts';
import { describeEntity } from '../../model/event.ts';
import type { UiLinks } from '../../temporal/ui-links.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Content, type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { paths } from '../paths.ts';
import { badge, exactTime, facts, link, notice, outwards } from '../pieces.ts';
import { required } from '../query.ts';
import { outcomeBadge } from '../run-pieces.ts';
import { describeVersion, stepList } from '../story-pieces.ts';
import { compareRecords } from './compare-records.ts';

const querySchema = z.object({
  source: required,
  type: required,
  id: required,
  cursor: z.string().max(4_000).optional(),
  vendor: z.literal('1').optional(),
});
const pageSize = 30;

/** One record: our copy, the vendor's, and all that happened to it. */
export function entityPage(deps: ConsoleDependencies): Show<EntityTimeline> {
  return async (request) => {
    const { source, type, id, cursor, vendor } = querySchema.parse(request.query);
    const entity = { type, id };
    const page = { cursor: cursor ?? null, size: pageSize, askVendor: vendor !== undefined };
    return {
      title: describeEntity(entity),
      data: await tellEntity(deps, { source, entity }, page),
      main: (timeline) => html`
        <section>${facts([['Source', link(paths.source(source), source)]])}</section>
        ${showTimeline(timeline, deps.ui, cursor)}
        ${compareRecords(timeline.record, paths.entity(source, entity, { vendor: '1' }))}
      `,
    };
  };
}

function showTimeline(
  { source, entity, temporal }: EntityTimeline,
  ui: UiLinks | null,
  cursor: string | undefined,
): Html {
  if ('failure' in temporal)
    return notice('bad', `${temporal.failure.message} What happened cannot be shown.`);
  const { entries, nextCursor } = temporal.answer;
  return html`<section>
    <h2>What happened to it</h2>
    ${
      entries.length === 0
        ? html`<p class="soft">
            Temporal knows of nothing: nothing came in, or it was longer ago than closed runs are kept.
          </p>`
        : html`<ol class="steps timeline">
            ${entries.map((entry) => showEntry(entry, ui))}
          </ol>`
    }
    <nav class="pager" aria-label="Parts of the timeline">
      ${cursor === undefined ? null : link(paths.entity(source, entity), 'The newest')}
      ${nextCursor === null || entries.length < pageSize ? null : link(paths.entity(source, entity, { cursor: nextCursor }), 'Older')}
    </nav>
  </section>`;
}

function showEntry({ kind, run, eventId, mark, stale, steps }: TimelineEntry, ui: UiLinks | null): Html {
  const { source, startedAt, closedAt, status, outcome, error, eventType, workflowId, runId } = run;
  const ref = { source, eventId };
  const failed = status === 'FAILED' || (kind === 'case' && status === 'RUNNING');
  return html`<li class="${failed ? 'failed' : status === 'COMPLETED' ? 'done' : ''}">
    <strong>${timelineKinds[kind]}</strong>
    ${kind === 'case' ? badge(status === 'RUNNING' ? 'warn' : 'plain', status === 'RUNNING' ? 'open' : 'closed') : outcomeBadge(outcome, status)}
    ${mark !== null && !mark.complete ? badge('warn', 'not complete') : null} ${exactTime(startedAt)}
    <div class="soft">
      ${eventType}
      ${link(kind === 'case' ? paths.deadLetter(ref) : paths.event(ref), html`<span class="id">${eventId}</span>`)}
      ${error === '' ? null : html`<code>${error}</code>`} ${closedAt === null ? 'under way' : null}
      ${ui === null ? null : outwards(ui.workflow(workflowId, runId), 'in Temporal')}
    </div>
    ${stale === null ? null : showStale(stale)}
    ${
      steps === null || steps.length === 0
        ? null
        : html`<details>
            <summary>What it did</summary>
            ${stepList(steps)}
          </details>`
    }
  </li>`;
}

function showStale({ version, previous }: NonNullable<TimelineEntry['stale']>): Content {
  const read = version === null ? 'nothing' : describeVersion(version);
  const had = previous === null ? 'nothing' : describeVersion(previous);
  return html`<div>Dropped, because our copy was newer: it read ${read}, and we had ${had}.</div>`;
}
