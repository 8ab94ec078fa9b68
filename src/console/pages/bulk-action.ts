import { z } from 'zod';
import { type BulkStory, tellBulk } from '../../inspection/bulk-story.ts';
import {
  type BulkLetterStatus,
  bulkLetterStatuses,
  describeCounts,
  describeFilter,
  totalOf,
} from '../../model/bulk.ts';
import type { BulkView } from '../../temporal/bulk-actions.ts';
import { hidden, whoField } from '../decision-forms.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Operator } from '../gate.ts';
import { type Html, html } from '../html.ts';
import { nameOf } from '../names.ts';
import type { Show } from '../page.ts';
import { paths, pathTo } from '../paths.ts';
import {
  badge,
  choice,
  counted,
  exactTime,
  facts,
  field,
  link,
  notice,
  outwards,
  table,
  type Tone,
} from '../pieces.ts';
import { required } from '../query.ts';
import { bulkBadge } from './bulk-actions.ts';

const querySchema = z.object({
  id: required,
  after: z.coerce.number().int().min(0).default(0),
  status: z.union([z.literal('').transform(() => null), z.enum(bulkLetterStatuses)]).default(null),
});
const pageSize = 100;
const tones: Readonly<Record<BulkLetterStatus, Tone>> = {
  waiting: 'plain',
  asked: 'plain',
  done: 'good',
  failed: 'bad',
  skipped: 'warn',
  left: 'warn',
};

/** One bulk action: how far it is, what came of each of its letters, and what can be done about it. */
export function bulkActionPage(deps: ConsoleDependencies): Show<BulkStory> {
  return async (request, operator) => {
    const { id, after, status } = querySchema.parse(request.query);
    return {
      title: id,
      place: 'Bulk actions',
      data: await tellBulk(deps, id, { after, status, size: pageSize }),
      main: (story) => {
        const view = 'answer' in story.view ? story.view.answer : null;
        const isOver = view === null || view.phase === 'ended';
        return html`
          <div data-live="${isOver || after > 0 ? 'off' : 'on'}">
            ${'failure' in story.view ? notice('warn', `${story.view.failure.message} Its letters are shown as the store has them.`) : null}
            ${view === null ? null : showPause(view)} ${showProgress(story, view, deps)}
            ${showLetters(story, { after, status })}
          </div>
          ${view === null || isOver ? null : steering(view, operator, nameOf(request, operator))}
        `;
      },
    };
  };
}

function showPause({ paused, cancelled }: BulkView): Html | null {
  if (cancelled !== null) {
    return notice(
      'warn',
      html`${cancelled.by} has cancelled it, ${exactTime(cancelled.at)}: ${cancelled.reason}`,
    );
  }
  if (paused === null) return null;
  return notice('warn', html`Paused by ${paused.by}, ${exactTime(paused.at)}: ${paused.reason}`);
}

function showProgress({ id, counts }: BulkStory, view: BulkView | null, { ui }: ConsoleDependencies): Html {
  const total = totalOf(counts);
  const over = total - counts.waiting - counts.asked;
  return html`<section>
    <p role="status">
      ${view === null ? null : bulkBadge(view.status)} <strong>${counted(total, 'dead letter')}</strong>:
      ${describeCounts(counts)}
    </p>
    <progress max="${Math.max(total, 1)}" value="${over}" aria-label="Letters that are settled">
      ${over} of ${total}
    </progress>
    ${view === null ? null : showInput(view)}
    <p>
      ${ui === null ? null : outwards(ui.workflow(id), 'The workflow in Temporal')}
      ${link(paths.audit({ target: id }), 'Its decisions in the audit log')}
    </p>
  </section>`;
}

function showInput({ input, startedAt }: BulkView): Html {
  const { kind, by, reason, owner, filter, canary, perMinute, atMost } = input;
  return facts([
    ['What', kind],
    ['Which', describeFilter(filter)],
    ['Begun by', by],
    ['Why', reason],
    ['Owner', owner ?? null],
    ['Begun', exactTime(startedAt)],
    ['Tried first', counted(canary, 'letter')],
    ['Pace', `${perMinute} a minute`],
    ['At most', atMost === null ? null : counted(atMost, 'letter')],
  ]);
}

function steering(view: BulkView, operator: Operator, name: string): Html {
  const form = (action: string, title: string, says: string, danger: boolean) =>
    html`<form method="post" action="${pathTo('/bulk-action')}" aria-labelledby="${action}-title">
      <h3 id="${action}-title">${title}</h3>
      <p class="soft">${says}</p>
      ${hidden(operator, { action, id: view.id })} ${whoField(operator, name)}
      ${field('Why', 'reason', { required: true, long: true })}
      <button class="${danger ? 'danger' : ''}">${title}</button>
    </form>`;
  return html`<section>
    <h2>Steer it</h2>
    <div class="actions">
      ${
        view.paused === null
          ? form('pause', 'Pause', 'No further letter is told until somebody resumes it.', false)
          : form(
              'resume',
              'Resume',
              'Goes on with the letters that wait, also where the first ones have failed.',
              false,
            )
      }
      ${form('cancel', 'Cancel', 'What was told is waited for; the others are left as they are.', true)}
    </div>
  </section>`;
}

function showLetters(
  { id, letters, next }: BulkStory,
  { after, status }: { after: number; status: BulkLetterStatus | null },
): Html {
  const chosen = status === null ? {} : { status };
  return html`<section>
    <h2>Its letters</h2>
    <form class="fields" action="${pathTo('/bulk-action')}" aria-label="Which letters">
      <input type="hidden" name="id" value="${id}" />
      ${choice('State', 'status', [['', 'all'], ...bulkLetterStatuses.map((each) => [each, each] as const)], status ?? '')}
      <button class="quiet">Show</button>
    </form>
    ${
      letters.length === 0
        ? html`<p class="soft">None${status === null ? ' was found yet' : ` is ${status}`}.</p>`
        : table(
            'Its letters',
            ['Dead letter', 'State', 'Result', 'Since'],
            letters.map(({ source, eventId, status: of, result, updatedAt }) => [
              link(paths.deadLetter({ source, eventId }), html`<span class="id">${source}:${eventId}</span>`),
              badge(tones[of], of),
              result,
              exactTime(updatedAt),
            ]),
          )
    }
    <nav class="pager" aria-label="Parts of the list">
      ${after === 0 ? null : link(paths.bulkAction(id, chosen), 'The first')}
      ${next === null ? null : link(paths.bulkAction(id, { ...chosen, after: String(next) }), 'The next')}
    </nav>
  </section>`;
}
