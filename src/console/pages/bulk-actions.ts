import { asking } from '../../inspection/dependencies.ts';
import type { BulkRow } from '../../temporal/bulk-actions.ts';
import type { ConsoleDependencies } from '../dependencies.ts';
import { type Html, html } from '../html.ts';
import type { Show } from '../page.ts';
import { paths } from '../paths.ts';
import { badge, exactTime, link, table, type Tone } from '../pieces.ts';

interface BulkActionsPage {
  /** The newest first. */
  bulkActions: BulkRow[];
}

const shown = 50;
const tones: Readonly<Record<string, Tone>> = {
  done: 'good',
  failed: 'bad',
  paused: 'warn',
  terminated: 'bad',
};

/** Decisions about many dead letters at once, under way and over. */
export function bulkActionsPage(deps: ConsoleDependencies): Show<BulkActionsPage> {
  return async () => ({
    title: 'Bulk actions',
    place: 'Bulk actions',
    data: { bulkActions: await asking(deps, () => deps.bulk.list(shown)) },
    main: ({ bulkActions }) =>
      html`<section>
        ${
          bulkActions.length === 0
            ? html`<p>
                None was begun yet. Filter the ${link(paths.deadLetters(), 'dead letters')}, and decide about
                all that are found: a few are tried first, and the others only if these succeed.
              </p>`
            : table(
                'Bulk actions',
                ['Bulk action', 'State', 'Source', 'Begun', 'Ended'],
                bulkActions.map(({ id, status, source, startedAt, closedAt }) => [
                  link(paths.bulkAction(id), html`<span class="id">${id}</span>`),
                  bulkBadge(status),
                  source ?? 'all',
                  exactTime(startedAt.toISOString()),
                  closedAt === null ? null : exactTime(closedAt.toISOString()),
                ]),
              )
        }
      </section>`,
  });
}

/** How far a bulk action is. */
export function bulkBadge(status: string): Html {
  return badge(tones[status] ?? 'plain', status);
}
