import type { DeadLetterRef } from '../model/dead-letter.ts';
import type { EntityRef } from '../model/event.ts';
import { consolePath } from './sessions.ts';

type Parameters = Readonly<Record<string, string | null | undefined>>;

/** A path of the console. Ids stand in the query: proxies read slashes and percent signs in a path in ways of their own. */
export function pathTo(page: string, parameters: Parameters = {}): string {
  const given = Object.entries(parameters).filter(
    (each): each is [string, string] => each[1] != null && each[1] !== '',
  );
  const query = new URLSearchParams(given).toString();
  return `${consolePath}${page}${query === '' ? '' : `?${query}`}`;
}

/** Where the pages are. */
export const paths = {
  sources: pathTo(''),
  source: (name: string) => pathTo('/source', { name }),
  deadLetters: (query: DeadLetterQuery = {}) => pathTo('/dead-letters', { ...query }),
  deadLetter: ({ source, eventId }: DeadLetterRef, more: { vendor?: '1'; told?: string } = {}) =>
    pathTo('/dead-letter', { source, event: eventId, ...more }),
  event: ({ source, eventId }: DeadLetterRef) => pathTo('/event', { source, event: eventId }),
  entity: (source: string, { type, id }: EntityRef, more: { cursor?: string; vendor?: '1' } = {}) =>
    pathTo('/entity', { source, type, id, ...more }),
  search: (text: string) => pathTo('/search', { q: text }),
  reconciliations: (source?: string) => pathTo('/reconciliations', { source }),
  audit: (query: AuditQuery = {}) => pathTo('/audit', { ...query }),
  bulkActions: pathTo('/bulk-actions'),
  bulkAction: (id: string, more: { after?: string; status?: string } = {}) =>
    pathTo('/bulk-action', { id, ...more }),
  newBulkAction: (query: DeadLetterQuery = {}) => pathTo('/bulk-action/new', { ...query }),
} as const;

/** Which dead letters a page is about, as its address says it. */
export interface DeadLetterQuery {
  source?: string | undefined;
  type?: string | undefined;
  error?: string | undefined;
  /** Open for at least so long: `4h`. */
  age?: string | undefined;
  cursor?: string | undefined;
}

/** Which lines of the audit log a page is about, as its address says it. */
export interface AuditQuery {
  source?: string | undefined;
  by?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  /** With `id`: the last line of the page before. */
  at?: string | undefined;
  id?: string | undefined;
}
