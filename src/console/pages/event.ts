import { z } from 'zod';
import { type EventStory, tellEvent } from '../../inspection/event-story.ts';
import { describeEntity } from '../../model/event.ts';
import type { RunRow } from '../../temporal/list-runs.ts';
import type { UiLinks } from '../../temporal/ui-links.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { paths } from '../paths.ts';
import { badge, exactTime, facts, link, notice, outwards, table, verbatim } from '../pieces.ts';
import { required } from '../query.ts';
import { outcomeBadge } from '../run-pieces.ts';
import { showEvent, stepList } from '../story-pieces.ts';

const querySchema = z.object({ source: required, event: required });

/** One event: how it came in, what was done with it, and where it went. */
export function eventPage(deps: ConsoleDependencies): Show<EventStory> {
  const { ui } = deps;
  return async (request) => {
    const { source, event } = querySchema.parse(request.query);
    return {
      title: `Event ${event}`,
      data: await tellEvent(deps, { source, eventId: event }),
      main: (story) => {
        const known = 'answer' in story.temporal ? story.temporal.answer : null;
        return html`
          ${'failure' in story.temporal ? notice('bad', `${story.temporal.failure.message} What Temporal knows is left out.`) : null}
          ${isUnheardOf(story) ? notice('warn', 'Nothing is known of it: it never came in here, or it has been forgotten since.') : null}
          ${showHead(story)} ${known === null ? null : showRuns(known.runs, ui)}
          ${
            known === null || known.steps.length === 0
              ? null
              : html`<section>
                  <h2>What the newest run did</h2>
                  ${stepList(known.steps)}
                </section>`
          }
          ${showDeliveries(story)} ${showConflicts(story)}
          ${known?.event == null ? null : showEvent(known.event, known.bodyMissing)}
        `;
      },
    };
  };
}

function isUnheardOf({ mark, inInboxSince, temporal }: EventStory): boolean {
  const unheard = mark === null && inInboxSince === null;
  return (
    unheard && 'answer' in temporal && temporal.answer.runs.length + temporal.answer.deadLetters.length === 0
  );
}

function showHead({ source, eventId, mark, inInboxSince, temporal }: EventStory): Html {
  const known = 'answer' in temporal ? temporal.answer : null;
  const entity = known?.event?.entity ?? null;
  const [letter] = known?.deadLetters ?? [];
  return html`<section>
    ${facts([
      ['Source', link(paths.source(source), source)],
      ['Type', known?.event?.type ?? null],
      ['Record', entity === null ? null : link(paths.entity(source, entity), describeEntity(entity))],
      [
        'Outcome',
        mark === null
          ? 'none yet'
          : html`${outcomeBadge(mark.outcome)} ${mark.complete ? null : badge('warn', 'not complete')}`,
      ],
      ['First seen', mark === null ? null : exactTime(mark.firstAt)],
      ['Last changed', mark === null ? null : exactTime(mark.processedAt)],
      ['In the inbox since', inInboxSince === null ? null : exactTime(inInboxSince)],
      ['Handed on as version', mark?.handedOnAs ?? null],
      [
        'Dead letter',
        letter === undefined
          ? null
          : link(paths.deadLetter({ source, eventId }), letter.status === 'RUNNING' ? 'open' : 'closed'),
      ],
    ])}
  </section>`;
}

function showRuns(runs: readonly RunRow[], ui: UiLinks | null): Html | null {
  if (runs.length === 0) return null;
  return html`<section>
    <h2>Runs</h2>
    ${table(
      'Runs',
      ['Began', 'Ended', 'Outcome', 'Error', 'Begun by', 'Run'],
      runs.map(({ startedAt, closedAt, status, outcome, error, parent, workflowId, runId }) => [
        exactTime(startedAt),
        closedAt === null ? badge('plain', 'under way') : exactTime(closedAt),
        outcomeBadge(outcome, status),
        error === '' ? null : html`<code>${error}</code>`,
        parent === null ? 'a delivery' : html`<span class="id">${parent}</span>`,
        ui === null
          ? html`<span class="id">${runId}</span>`
          : outwards(ui.workflow(workflowId, runId), html`<span class="id">${runId.slice(0, 8)}…</span>`),
      ]),
    )}
  </section>`;
}

function showDeliveries({ delivered }: EventStory): Html | null {
  if (delivered.length === 0) return null;
  return html`<section>
    <h2>Handed on to</h2>
    ${table(
      'Handed on to',
      ['Destination', 'When', 'Idempotency key'],
      delivered.map(({ destination, deliveredAt, idempotencyKey }) => [
        destination,
        exactTime(deliveredAt),
        html`<span class="id">${idempotencyKey}</span>`,
      ]),
    )}
  </section>`;
}

function showConflicts({ conflicts }: EventStory): Html | null {
  if (conflicts.length === 0) return null;
  return html`<section>
    <h2>Deliveries under its id with another body</h2>
    <p>
      They were not processed: the first body counts. Somebody may reuse ids, or the vendor has changed what
      it says.
    </p>
    ${conflicts.map(
      ({ receivedAt, body, bodySha256, storedBody }) =>
        html`<details>
          <summary>${exactTime(receivedAt)} <span class="id">${bodySha256.slice(0, 12)}…</span></summary>
          ${storedBody === undefined ? verbatim('Body', body) : notice('warn', `${storedBody.bytes} bytes of ${storedBody.contentType}, kept in the store as ${storedBody.sha256}`)}
        </details>`,
    )}
  </section>`;
}
