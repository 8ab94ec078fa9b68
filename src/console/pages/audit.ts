import { z } from 'zod';
import type { AuditEntry, AuditFilter } from '../../model/audit.ts';
import { parseDeadLetterId } from '../../model/ids.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Content, type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { type AuditQuery, paths } from '../paths.ts';
import { badge, choice, exactTime, field, link, table } from '../pieces.ts';
import { given } from '../query.ts';

interface AuditPage {
  entries: AuditEntry[];
  /** The address of the next page; null behind the last one. */
  next: string | null;
}

const querySchema = z.object({
  source: given,
  by: given,
  action: given,
  target: given,
  /** The last line of the page before. */
  at: z.iso.datetime().optional(),
  id: given,
});
const pageSize = 100;

/** Who decided what, why, and what came of it. */
export function auditPage({ store, sources }: ConsoleDependencies): Show<AuditPage> {
  return async (request) => {
    const { at, id, ...query } = querySchema.parse(request.query);
    const after = at === undefined || id === undefined ? {} : { after: { at, id } };
    // The schema leaves out what is not given, and does not know that it does.
    const filter = { ...query, ...after } as AuditFilter;
    const entries = await store.listAudit(filter, pageSize);
    const last = entries.length < pageSize ? undefined : entries.at(-1);
    const next = last === undefined ? null : paths.audit({ ...query, at: last.at, id: last.id });
    return {
      title: 'Audit log',
      place: 'Audit log',
      data: { entries, next },
      main: (page) => html`
        ${filterForm(query, [...sources.keys()])}
        <section>
          ${
            page.entries.length === 0
              ? html`<p>
                  ${Object.values(query).every((each) => each === undefined) ? 'Nothing was decided yet.' : 'Nothing was decided that fits.'}
                  Each replay, discard and investigation stands here with who decided it and why, wherever it
                  was decided.
                </p>`
              : auditTable(page.entries)
          }
          <nav class="pager" aria-label="Parts of the log">
            ${at === undefined ? null : link(paths.audit(query), 'The newest')}
            ${page.next === null ? null : link(page.next, 'Older ones')}
          </nav>
        </section>
      `,
    };
  };
}

function filterForm({ source, by, action, target }: AuditQuery, sources: readonly string[]): Html {
  return html`<form class="fields card" action="${paths.audit()}" aria-label="Which decisions">
    ${choice('Source', 'source', [['', 'all'], ...sources.map((name) => [name, name] as const)], source)}
    ${field('Who', 'by', { value: by ?? '' })}
    ${field('Action', 'action', { value: action ?? '', hint: 'dead-letter.* for all that begin so' })}
    ${field('On what', 'target', { value: target ?? '', hint: 'a workflow id' })}
    <button>Show</button>
  </form>`;
}

/** Lines of the audit log. */
export function auditTable(entries: readonly AuditEntry[]): Html {
  return table(
    'Decisions',
    ['When', 'Who', 'From', 'What', 'On what', 'Why', 'What came of it'],
    entries.map(({ at, by, via, action, target, reason, result }) => [
      exactTime(at),
      by,
      via,
      html`<code>${action}</code>`,
      showTarget(target),
      reason,
      result === null
        ? badge('plain', 'under way')
        : html`${badge(result.outcome === 'done' ? 'good' : 'bad', result.outcome)} ${result.text}`,
    ]),
  );
}

function showTarget(target: string): Content {
  const text = html`<span class="id">${target}</span>`;
  if (target.startsWith('bulk:')) return link(paths.bulkAction(target), text);
  const letter = target.startsWith('dead-letter:') ? parseDeadLetterId(target) : null;
  return letter === null ? text : link(paths.deadLetter(letter), text);
}
