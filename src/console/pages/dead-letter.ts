import { z } from 'zod';
import { type DeadLetterStory, tellDeadLetter } from '../../inspection/dead-letter-story.ts';
import { adviceFor } from '../../model/advice.ts';
import type { DeadLetterState } from '../../model/dead-letter.ts';
import { describeEntity } from '../../model/event.ts';
import { deadLetterWorkflowId } from '../../model/ids.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { decisionForms } from '../decision-forms.ts';
import { type Content, type Html, html } from '../html.ts';
import { nameOf } from '../names.ts';
import type { Show } from '../page.ts';
import { paths } from '../paths.ts';
import {
  badge,
  counted,
  exactTime,
  facts,
  link,
  notice,
  outwards,
  table,
  time,
  type Tone,
} from '../pieces.ts';
import { required } from '../query.ts';
import { showDelivery, showRun } from '../story-pieces.ts';
import { auditTable } from './audit.ts';
import { compareRecords } from './compare-records.ts';

const querySchema = z.object({
  source: required,
  event: required,
  vendor: z.literal('1').optional(),
  told: z.enum(['replay', 'discard', 'investigate']).optional(),
});
const told = {
  replay: 'The replay was asked for. The record of the case says what came of it, or will.',
  discard: 'The discard was asked for: the record of the case says what came of it.',
  investigate: 'It was asked for: the record of the case says who looks into it.',
} as const;

/** One dead letter with its whole story, and what can be decided about it. */
export function deadLetterPage(deps: ConsoleDependencies): Show<DeadLetterStory> {
  return async (request, operator) => {
    const query = querySchema.parse(request.query);
    const { source, event: eventId } = query;
    const askVendor = query.vendor !== undefined;
    return {
      title: `Dead letter ${eventId}`,
      place: 'Dead letters',
      data: await tellDeadLetter(deps, { source, eventId }, { askVendor }),
      main: (story) => html`
        ${query.told === undefined ? null : notice('good', told[query.told])}
        <div data-live="${story.state.status === 'replaying' ? 'on' : 'off'}">
          ${showHead(story, deps)} ${showFailure(story)} ${showCase(story)}
        </div>
        ${isOpen(story.state) ? decisionForms(story, operator, nameOf(request, operator)) : null}
        ${
          story.record === null
            ? null
            : compareRecords(story.record, paths.deadLetter({ source, eventId }, { vendor: '1' }))
        }
        ${story.runs.map((run) => showRun(run, deps.ui))} ${showDecisions(story)}
        ${showDelivery(story.subject, story.bodyMissing)}
      `,
    };
  };
}

function isOpen({ status }: DeadLetterState): boolean {
  return status !== 'resolved' && status !== 'discarded';
}

const tones: Record<DeadLetterState['status'], Tone> = {
  open: 'warn',
  replaying: 'plain',
  investigating: 'plain',
  resolved: 'good',
  discarded: 'plain',
};

function showHead(story: DeadLetterStory, { ui, now }: ConsoleDependencies): Html {
  const { source, eventId, state, subject, mark, delivered } = story;
  const id = deadLetterWorkflowId(source, eventId);
  const event = subject.kind === 'event' ? subject.event : null;
  const entity = event?.entity ?? null;
  return html`<section>
    ${facts([
      [
        'State',
        html`${badge(tones[state.status], state.status)} ${state.escalated ? badge('bad', 'escalated') : null}`,
      ],
      ['Source', link(paths.source(source), source)],
      ['Event type', event === null ? 'could not be read' : event.type],
      ['Record', entity === null ? '' : link(paths.entity(source, entity), describeEntity(entity))],
      ['Event', link(paths.event({ source, eventId }), 'all its runs')],
      ['Opened', time(state.openedAt, now())],
      ['Tried', `${counted(state.errors.length, 'failure')}, ${counted(state.replays, 'replay')}`],
      ['Owner', state.owner],
      ['Next reminder', isOpen(state) ? time(state.remindAt, now()) : null],
      ['Came in', state.seen > 1 ? `${state.seen} times, with the same bytes` : null],
      ['In the store', mark === null ? null : `${mark.outcome}${mark.complete ? '' : ', not complete'}`],
      ['Handed on to', delivered.map(({ destination }) => destination).join(', ')],
      ['Temporal', ui === null ? html`<code>${id}</code>` : outwards(ui.workflow(id), 'the case in its UI')],
    ])}
  </section>`;
}

function showFailure({ state }: DeadLetterStory): Html | null {
  const last = state.errors.at(-1);
  if (last === undefined) return null;
  return html`<section>
    <h2>What failed, and what usually mends it</h2>
    <p>
      <strong>${last.step}</strong> failed with <code>${last.type}</code>${
        last.attempts === null ? null : ` after ${counted(last.attempts, 'attempt')}`
      },
      ${exactTime(last.at)}
    </p>
    ${notice('bad', last.message)} ${causes(last.causes)}
    ${(last.beside ?? []).map((other) => html`<p class="soft">Failed as well: ${other}</p>`)}
    <p><strong>${adviceFor(last.type)}</strong></p>
    ${
      state.errors.length < 2
        ? null
        : html`<details>
            <summary>${counted(state.errors.length - 1, 'earlier failure')}</summary>
            ${table(
              'Earlier failures',
              ['When', 'Step', 'Error', 'Attempts', 'Message'],
              state.errors
                .slice(0, -1)
                .reverse()
                .map(({ at, step, type, attempts, message }) => [
                  exactTime(at),
                  step,
                  html`<code>${type}</code>`,
                  attempts ?? '',
                  message,
                ]),
            )}
          </details>`
    }
  </section>`;
}

function causes(all: readonly string[]): Content {
  return all.map((cause) => html`<p class="soft">caused by ${cause}</p>`);
}

function showCase({ state }: DeadLetterStory): Html {
  return html`<section>
    <h2>The record of the case</h2>
    ${table(
      'The record of the case',
      ['When', 'What', 'Said'],
      [...state.audit].reverse().map(({ at, what, text }) => [exactTime(at), what, text]),
    )}
  </section>`;
}

function showDecisions({ decisions }: DeadLetterStory): Html | null {
  if (decisions.length === 0) return null;
  return html`<section>
    <h2>In the audit log</h2>
    ${auditTable(decisions)}
  </section>`;
}
