import { asking } from '../../inspection/dependencies.ts';
import { describeFilter, type LetterFilter } from '../../model/bulk.ts';
import { bulkDefaults, type LetterSurvey } from '../../temporal/bulk-actions.ts';
import { hidden, whoField } from '../decision-forms.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import type { Operator } from '../gate.ts';
import { type Html, html } from '../html.ts';
import { nameOf } from '../names.ts';
import type { Show } from '../page.ts';
import { paths, pathTo } from '../paths.ts';
import { counted, field, link, notice, numeric, radio, table } from '../pieces.ts';
import { letterQuerySchema, toFilter } from './dead-letters.ts';

interface NewBulkActionPage {
  /** With times instead of ages: what was counted is what will be decided about. */
  filter: LetterFilter;
  survey: LetterSurvey;
}

/** Counts the dead letters that a filter finds, and asks what to do with them. */
export function newBulkActionPage(deps: ConsoleDependencies): Show<NewBulkActionPage> {
  return async (request, operator) => {
    const query = letterQuerySchema.parse(request.query);
    const filter = toFilter(query, deps.now());
    return {
      title: 'Decide about many',
      place: 'Bulk actions',
      data: { filter, survey: await asking(deps, () => deps.bulk.survey(filter)) },
      main: (page) => html`
        ${showSurvey(page)}
        ${
          page.survey.letters === 0
            ? html`<section>
                <p>None to decide about. ${link(paths.deadLetters(), 'All open dead letters')}</p>
              </section>`
            : beginForm(page, operator, nameOf(request, operator))
        }
        <p>${link(paths.deadLetters(query), 'Back to the list')}</p>
      `,
    };
  };
}

function showSurvey({ filter, survey }: NewBulkActionPage): Html {
  const { letters, groups, complete } = survey;
  return html`<section>
    <p>
      <strong>${complete ? null : 'More than '}${counted(letters, 'dead letter')}</strong> open:
      ${describeFilter(filter)}
    </p>
    ${
      groups.length === 0
        ? null
        : table(
            'How many of which kind',
            [numeric('Count'), 'Source', 'Type', 'Error'],
            groups.map(({ count, source, type, error }) => [
              numeric(count.toLocaleString('en')),
              source,
              type === '' ? html`<span class="soft">could not be read</span>` : type,
              html`<code>${error}</code>`,
            ]),
          )
    }
  </section>`;
}

function beginForm({ filter, survey }: NewBulkActionPage, operator: Operator, name: string): Html {
  const { canary, perMinute } = bulkDefaults;
  return html`<form
    class="card stacked"
    method="post"
    action="${pathTo('/bulk-action')}"
    aria-label="What to do"
  >
    ${hidden(operator, { action: 'begin', ...filter })}
    ${radio('What to do with each', 'kind', [
      ['replay', 'Replay', 'reads the record anew and makes only what is missing'],
      ['investigate', 'Investigate', 'marks who looks into it; it stays open'],
      ['discard', 'Discard', 'closes it for good: its event is never processed'],
    ])}
    <div class="fields">
      ${whoField(operator, name)} ${field('Why', 'reason', { required: true, long: true })}
      ${field('Who looks into it', 'owner', { hint: 'only to investigate' })}
    </div>
    <div class="fields">
      ${field('Try first', 'canary', { value: String(canary), hint: 'the others only if these succeed', type: 'number' })}
      ${field('A minute', 'perMinute', { value: String(perMinute), hint: 'how many are told', type: 'number' })}
      ${field('At most', 'atMost', { hint: 'empty: all of them', type: 'number' })}
    </div>
    ${
      canary < survey.letters
        ? null
        : notice(
            'plain',
            'There are so few that all of them are tried at once, without waiting for the first ones.',
          )
    }
    <button>Begin</button>
  </form>`;
}
