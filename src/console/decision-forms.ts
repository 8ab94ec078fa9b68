import type { DeadLetterStory } from '../inspection/dead-letter-story.ts';
import type { Operator } from './gate.ts';
import { type Content, type Html, html } from './html.ts';
import { pathTo } from './paths.ts';
import { field } from './pieces.ts';

/** What can be decided about one dead letter: a form each, so that a key press never means another. */
export function decisionForms(
  { source, eventId, state }: Pick<DeadLetterStory, 'source' | 'eventId' | 'state'>,
  operator: Operator,
  name: string,
): Html {
  const form = (kind: string, title: string, says: string, danger: boolean, fields: Content) =>
    html`<form method="post" action="${pathTo('/dead-letter')}" aria-labelledby="${kind}-title">
      <h3 id="${kind}-title">${title}</h3>
      <p class="soft">${says}</p>
      ${hidden(operator, { kind, source, event: eventId })} ${whoField(operator, name)} ${fields}
      <button class="${danger ? 'danger' : ''}">${title}</button>
    </form>`;
  return html`<section>
    <h2>Decide</h2>
    <div class="actions">
      ${
        state.status === 'replaying'
          ? html`<p>A replay is under way: another one has to wait for its end.</p>`
          : form(
              'replay',
              'Replay',
              'Reads the record anew and makes only what is missing: safe at any time.',
              false,
              field('Why', 'reason', { required: true, long: true }),
            )
      }
      ${form(
        'investigate',
        'Investigate',
        'Marks who looks into it; it stays open, and reminds.',
        false,
        html`${field('Who looks into it', 'owner', { value: state.owner ?? name, required: true })}
        ${field('What is known', 'reason', { required: true, long: true })}`,
      )}
      ${form(
        'discard',
        'Discard',
        'Closes it for good: the event is never processed.',
        true,
        field('Why', 'reason', { required: true, long: true }),
      )}
    </div>
  </section>`;
}

/** What each form carries beside what somebody enters. */
export function hidden({ formToken }: Operator, values: Readonly<Record<string, string>>): Html {
  return html`${Object.entries({ form: formToken, ...values }).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  )}`;
}

/** Asks who decides, where no proxy says it. */
export function whoField(operator: Operator, name: string): Html | null {
  return operator.name === null ? field('Who are you', 'by', { value: name, required: true }) : null;
}
