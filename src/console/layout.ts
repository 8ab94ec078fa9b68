import { assetPaths } from './assets.ts';
import type { Operator } from './gate.ts';
import { type Content, type Html, html } from './html.ts';
import { paths, pathTo } from './paths.ts';

/** The places of the navigation. */
export type Place = 'Sources' | 'Dead letters' | 'Bulk actions' | 'Reconciliations' | 'Audit log';
const places: readonly (readonly [place: Place, path: string])[] = [
  ['Sources', paths.sources],
  ['Dead letters', paths.deadLetters()],
  ['Bulk actions', paths.bulkActions],
  ['Reconciliations', paths.reconciliations()],
  ['Audit log', paths.audit()],
];

/** A whole page. */
export function layout({
  title,
  place = null,
  operator,
  main,
  searched = '',
}: {
  title: string;
  place?: Place | null;
  /** null: nobody is known, and nothing can be reached from here. */
  operator: Operator | null;
  main: Content;
  /** What was searched for. */
  searched?: string;
}): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · Landfall</title>
        <link rel="stylesheet" href="${assetPaths.style}" />
        <link rel="icon" href="data:," />
        <script src="${assetPaths.script}" defer></script>
      </head>
      <body>
        <a class="skip hidden" href="#main">Skip to the content</a>
        <header>
          <div>
            <a class="name" href="${paths.sources}">Landfall</a>
            ${operator === null ? null : navigation(place)} ${operator === null ? null : searchForm(searched)}
          </div>
        </header>
        <main id="main" tabindex="-1">
          <h1>${title}</h1>
          ${main}
        </main>
        ${operator === null ? null : foot(operator)}
      </body>
    </html>`;
}

function navigation(place: Place | null): Html {
  return html`<nav aria-label="Pages">
    <ul>
      ${places.map(
        ([name, path]) =>
          html`<li>
            <a href="${path}" ${name === place ? html`aria-current="page"` : null}>${name}</a>
          </li>`,
      )}
    </ul>
  </nav>`;
}

function searchForm(searched: string): Html {
  return html`<form action="${pathTo('/search')}" role="search">
    <input
      type="search"
      name="q"
      value="${searched}"
      aria-label="Event or entity id"
      placeholder="Event or entity id"
      maxlength="300"
    />
    <button class="hidden">Search</button>
  </form>`;
}

function foot({ by, name, formToken }: Operator): Html {
  const who = {
    machine: 'Open to whoever is on this machine.',
    session: 'Logged in with the token.',
    bearer: 'By the token.',
    proxy: `You are ${name ?? ''}.`,
  }[by];
  return html`<footer>
    <span>${who} Times are in UTC.</span>
    ${
      by === 'session'
        ? html`<form method="post" action="${pathTo('/logout')}">
            <input type="hidden" name="form" value="${formToken}" />
            <button class="quiet">Log out</button>
          </form>`
        : null
    }
  </footer>`;
}
