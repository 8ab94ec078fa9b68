import ms from 'ms';
import { z } from 'zod';
import { asking } from '../../inspection/dependencies.ts';
import { advisedCodes } from '../../model/advice.ts';
import type { LetterFilter } from '../../model/bulk.ts';
import { type DeadLetterPage, pageOfDeadLetters } from '../../temporal/dead-letter-pages.ts';
import { openLetters } from '../../temporal/letter-filter.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { type DeadLetterQuery, paths } from '../paths.ts';
import { choice, counted, field, link, outwards, shortId, table, time } from '../pieces.ts';
import { given } from '../query.ts';

/** How long dead letters may be asked to have been open. */
export const ages = ['15m', '1h', '4h', '1d', '3d', '7d'] as const;
type Age = (typeof ages)[number];

/** Which dead letters, as a page's address or a form says it. */
export const letterQuerySchema = z.object({
  source: given,
  type: given,
  error: given,
  age: z.union([z.literal('').transform(() => undefined), z.enum(ages)]).optional(),
});
const pageQuerySchema = letterQuerySchema.extend({ cursor: z.string().max(4_000).optional() });
const pageSize = 50;

/** The open dead letters, by source, type, error and age. */
export function deadLettersPage(deps: ConsoleDependencies): Show<DeadLetterPage> {
  const { client, sources, now, ui } = deps;
  return async (request) => {
    const { cursor = null, ...query } = pageQuerySchema.parse(request.query);
    const filter = toFilter(query, now());
    return {
      title: 'Dead letters',
      place: 'Dead letters',
      data: await asking(deps, () => pageOfDeadLetters(client, filter, { cursor, size: pageSize })),
      main: (page) => html`
        ${filterForm(query, [...sources.keys()])}
        <section>
          <p>
            ${
              page.total > 0
                ? html`<strong>${counted(page.total, 'dead letter')}</strong> open, the newest first.`
                : isFiltered(query)
                  ? html`No open dead letter fits. ${link(paths.deadLetters(), 'Show all that are open')}`
                  : 'None is open: every event that came in was processed, or is still tried.'
            }
            ${page.total === 0 ? null : link(paths.newBulkAction(query), 'Decide about all of them …')}
            ${ui === null ? null : outwards(ui.list(openLetters(filter)), 'The same list in Temporal')}
          </p>
          ${page.rows.length === 0 ? null : letterTable(page, now())} ${pager(query, page, cursor)}
        </section>
      `,
    };
  };
}

function isFiltered(query: DeadLetterQuery): boolean {
  return Object.values(query).some((each) => each !== undefined);
}

/** The filter that a query means at this moment. */
export function toFilter(
  { source, type, error, age }: Omit<DeadLetterQuery, 'cursor' | 'age'> & { age?: Age | undefined },
  now: number,
): LetterFilter {
  return {
    ...(source === undefined ? {} : { source }),
    ...(type === undefined ? {} : { type }),
    ...(error === undefined ? {} : { error }),
    ...(age === undefined ? {} : { openedBefore: new Date(now - ms(age)).toISOString() }),
  };
}

function filterForm({ source, type, error, age }: DeadLetterQuery, sources: readonly string[]): Html {
  return html`<form class="fields card" action="${paths.deadLetters()}" aria-label="Which dead letters">
    ${choice('Source', 'source', [['', 'all'], ...sources.map((name) => [name, name] as const)], source)}
    ${field('Event type', 'type', { value: type ?? '', hint: 'customer.* for all that begin so' })}
    ${field('Error', 'error', { value: error ?? '', list: advisedCodes })}
    ${choice('Open for', 'age', [['', 'any time'], ...ages.map((each) => [each, `${each} or longer`] as const)], age)}
    <button>Show</button>
  </form>`;
}

function letterTable({ rows }: DeadLetterPage, now: number): Html {
  return table(
    'Open dead letters',
    ['Event', 'Source', 'Type', 'Record', 'First error', 'Opened'],
    rows.map(({ source, eventId, eventType, entity, error, openedAt }) => [
      link(paths.deadLetter({ source, eventId }), shortId(eventId)),
      source,
      eventType === '' ? html`<span class="soft">could not be read</span>` : eventType,
      html`<span class="id">${entity}</span>`,
      html`<code>${error}</code>`,
      time(openedAt.toISOString(), now),
    ]),
  );
}

function pager(query: DeadLetterQuery, { nextCursor, rows }: DeadLetterPage, cursor: string | null): Html {
  return html`<nav class="pager" aria-label="Parts of the list">
    ${cursor === null ? null : link(paths.deadLetters(query), 'The newest')}
    ${nextCursor === null || rows.length < pageSize ? null : link(paths.deadLetters({ ...query, cursor: nextCursor }), 'Older ones')}
  </nav>`;
}
