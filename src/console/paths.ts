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
  deadLetters: (filter: DeadLetterQuery = {}) => pathTo('/dead-letters', { ...filter }),
  deadLetter: ({ source, eventId }: DeadLetterRef, more: { vendor?: '1'; told?: string } = {}) =>
    pathTo('/dead-letter', { source, event: eventId, ...more }),
  event: ({ source, eventId }: DeadLetterRef) => pathTo('/event', { source, event: eventId }),
  entity: (source: string, { type, id }: EntityRef, cursor?: string | null) =>
    pathTo('/entity', { source, type, id, cursor }),
  reconciliations: (source?: string) => pathTo('/reconciliations', { source }),
  audit: (filter: { target?: string; by?: string; source?: string; action?: string; before?: string } = {}) =>
    pathTo('/audit', filter),
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
