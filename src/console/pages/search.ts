import { z } from 'zod';
import { search, type SearchResult } from '../../inspection/search.ts';
import { describeEntity } from '../../model/event.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { paths } from '../paths.ts';
import { badge, link, notice, table } from '../pieces.ts';

const querySchema = z.object({ q: z.string().trim().max(300).default('') });

/** What is known under an id. */
export function searchPage(deps: ConsoleDependencies): Show<SearchResult> {
  return async (request) => {
    const { q } = querySchema.parse(request.query);
    return {
      title: q === '' ? 'Search' : `Search: ${q}`,
      searched: q,
      data: q === '' ? { events: [], entities: [], failure: null } : await search(deps, q),
      main: (result) => html`
        ${result.failure === null ? null : notice('bad', `${result.failure.message} Only the store was searched.`)}
        ${q === '' ? howTo() : showResult(result)}
      `,
    };
  };
}

function howTo(): Html {
  return html`<section>
    <p>Enter an id above, as a whole:</p>
    <ul>
      <li>an event's: <code>evt_123</code>, or with its source <code>stripe:evt_123</code></li>
      <li>a record's: <code>cus_123</code>, or with its type <code>customer/cus_123</code></li>
      <li>a dead letter's: <code>dead-letter:stripe:evt_123</code></li>
    </ul>
  </section>`;
}

function showResult({ events, entities }: SearchResult): Html {
  if (events.length === 0 && entities.length === 0) {
    return html`<section>
        <p>Nothing has this id. Ids are found as a whole, and as the vendor writes them.</p>
      </section>
      ${howTo()}`;
  }
  return html`${
    entities.length === 0
      ? null
      : html`<section>
          <h2>Records</h2>
          ${table(
            'Records',
            ['Record', 'Source'],
            entities.map(({ source, entity }) => [
              link(paths.entity(source, entity), html`<span class="id">${describeEntity(entity)}</span>`),
              source,
            ]),
          )}
        </section>`
  }
  ${
    events.length === 0
      ? null
      : html`<section>
          <h2>Events</h2>
          ${table(
            'Events',
            ['Event', 'Source', 'Dead letter'],
            events.map((event) => [
              link(paths.event(event), html`<span class="id">${event.eventId}</span>`),
              event.source,
              event.deadLetterOpen
                ? html`${badge('warn', 'open')} ${link(paths.deadLetter(event), 'decide')}`
                : html`<span class="soft">none open</span>`,
            ]),
          )}
        </section>`
  }`;
}
